"""Funnels: from prospect to active partner, from offered lead and registered deal to won."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.console.questions import FiltersDep, Reader, asked
from intelligence.analytics.funnel import leads_funnel, registrations_funnel
from intelligence.analytics.ranking import partners_in
from programme.recruitment import recruiting
from programme.stages import FORWARD

router = APIRouter(default_response_class=HTMLResponse)

_FIGURES = {
    "offered": "leads_offered",
    "accepted": "acceptance_rate",
    "deal": "accepted_to_deal_rate",
    "won": "deal_to_won_rate",
}
_OF_REGISTRATIONS = {
    "registered": "registrations",
    "approved": "registration_approval_rate",
    "won": "registration_win_rate",
}


@router.get("/funnel")
def funnel(visit: Reader, filters: FiltersDep) -> Response:
    """Show how companies become partners, and leads and registrations won deals."""
    with visit.work() as work:
        question = asked(visit, work, filters)
        book, window, wanted = question.book, question.window, question.filters
        partners = partners_in(book, window, wanted)
        stages = {str(one.stage): one for one in recruiting(work, partners.tolist(), window.start, window.end)}
        forward = [stages.pop(str(name)) for name in FORWARD]
        return visit.page(
            "funnel.html",
            **question.values(
                forward=forward,
                others=[one for one in stages.values() if one.count or one.entered],
                most=max(one.count for one in forward),
                leads=[(step, _FIGURES[step.name]) for step in leads_funnel(book, window, wanted)],
                registrations=[
                    (step, _OF_REGISTRATIONS[step.name]) for step in registrations_funnel(book, window, wanted)
                ],
            ),
        )
