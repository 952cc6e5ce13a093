"""One method per operation. Made from the OpenAPI document by `make openapi`; not to be edited."""

from typing import Any, Literal, cast

from allywise_client import types
from allywise_client.transport import Transport, path_part


class Allywise(Transport):
    """A service, and what it can be asked."""

    def match_lead(self, body: types.MatchRequest, *, idempotency_key: str | None = None) -> types.MatchAnswer:
        """Rank all eligible partners for a lead by P(win), and say for everyone else why not."""
        return cast("types.MatchAnswer", self.send("POST", "/v1/match", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_match(self, match_id: str, **filters: Any) -> types.MatchAnswer:
        """Get a stored decision as it was answered."""
        return cast("types.MatchAnswer", self.send("GET", f"/v1/match/{path_part(match_id)}", query={**filters}))

    def replay_match(self, match_id: str, **filters: Any) -> types.MatchReplay:
        """Take a stored decision again, from the stored feature values by the version and the policy that made it."""
        return cast("types.MatchReplay", self.send("GET", f"/v1/match/{path_part(match_id)}/replay", query={**filters}))

    def assign_leads(self, body: types.AllocationRequest, *, idempotency_key: str | None = None) -> types.AllocationAnswer:
        """Give each lead of a list to one partner so that all are worth most, within capacity and limits of shares."""
        return cast("types.AllocationAnswer", self.send("POST", "/v1/match/assign", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_allocation(self, allocation_id: str, **filters: Any) -> types.AllocationAnswer:
        """Get a stored list as it was answered."""
        return cast("types.AllocationAnswer", self.send("GET", f"/v1/match/assign/{path_part(allocation_id)}", query={**filters}))

    def rank_prospects(self, *, as_of: str | None = None, country: str | None = None, kind: types.PartnerKind | None = None, program: str | None = None, min_p: float | None = None, limit: int | None = None, **filters: Any) -> types.ProspectRanking:
        """Rank prospects, applicants and onboarding partners by their chance to become productive."""
        return cast("types.ProspectRanking", self.send("GET", "/v1/prospects/ranking", query={"as_of": as_of, "country": country, "kind": kind, "program": program, "min_p": min_p, "limit": limit, **filters}))

    def list_white_space(self, *, as_of: str | None = None, dimension: Literal["country", "region", "industry", "product"] | None = None, gaps_only: bool | None = None, limit: int | None = None, **filters: Any) -> types.WhiteSpace:
        """List where demand is not covered: countries, regions, industries and products, the worst gap first."""
        return cast("types.WhiteSpace", self.send("GET", "/v1/prospects/white-space", query={"as_of": as_of, "dimension": dimension, "gaps_only": gaps_only, "limit": limit, **filters}))

    def score_company(self, body: types.FitRequest) -> types.FitScore:
        """Score a company that is not in the store; nothing is kept, so a retry is safe."""
        return cast("types.FitScore", self.send("POST", "/v1/fit", body=body))

    def list_churn_risk(self, *, as_of: str | None = None, horizon_days: int | None = None, account_manager: str | None = None, program: str | None = None, tier: str | None = None, country: str | None = None, min_p: float | None = None, limit: int | None = None, **filters: Any) -> types.ChurnRiskList:
        """List partners by their risk to show no sign of life within the horizon, with reasons and revenue at risk."""
        return cast("types.ChurnRiskList", self.send("GET", "/v1/churn-risk", query={"as_of": as_of, "horizon_days": horizon_days, "account_manager": account_manager, "program": program, "tier": tier, "country": country, "min_p": min_p, "limit": limit, **filters}))

    def list_recommendations(self, partner: str, *, kind: Literal["asset", "offer"] | None = None, limit: int | None = None, as_of: str | None = None, order: Literal["engagement", "value", "uplift"] | None = None, **filters: Any) -> types.RecommendationList:
        """Recommend content and offers that the partner may see and has not engaged with, each with a reason."""
        return cast("types.RecommendationList", self.send("GET", f"/v1/partners/{path_part(partner)}/recommendations", query={"kind": kind, "limit": limit, "as_of": as_of, "order": order, **filters}))

    def give_recommendation_feedback(self, body: types.RecommendationFeedback) -> None:
        """Say that a recommendation was shown, opened or dismissed; what is dismissed is not recommended again."""
        self.send("POST", "/v1/recommendations/feedback", body=body)

    def list_models(self, **filters: Any) -> list[types.ModelSummary]:
        """List all versions of the four models, the newest first."""
        return cast("list[types.ModelSummary]", self.send("GET", "/v1/models", query={**filters}))

    def get_model_card(self, name: types.ModelName, **filters: Any) -> dict[str, Any]:
        """Get the champion's card: target, data, quality with intervals against the baselines, calibration, gates."""
        return cast("dict[str, Any]", self.send("GET", f"/v1/models/{path_part(name)}/card", query={**filters}))

    def get_model_drift(self, name: types.ModelName, *, as_of: str | None = None, **filters: Any) -> dict[str, Any]:
        """Say how far features, scores and calibration lie from what the champion learned from."""
        return cast("dict[str, Any]", self.send("GET", f"/v1/models/{path_part(name)}/drift", query={"as_of": as_of, **filters}))

    def get_model_outcomes(self, name: types.ModelName, *, as_of: str | None = None, **filters: Any) -> dict[str, Any]:
        """Set predicted beside realised: stored predictions whose horizon has passed, by month and band, with intervals."""
        return cast("dict[str, Any]", self.send("GET", f"/v1/models/{path_part(name)}/outcomes", query={"as_of": as_of, **filters}))

    def promote_model(self, name: types.ModelName, body: types.PromoteRequest) -> types.ModelSummary:
        """Make a version the champion; all processes pick it up without a restart. Safe to retry."""
        return cast("types.ModelSummary", self.send("POST", f"/v1/models/{path_part(name)}/promote", body=body))

    def roll_back_model(self, name: types.ModelName) -> types.ModelSummary:
        """Give the model's place back to the champion before it."""
        return cast("types.ModelSummary", self.send("POST", f"/v1/models/{path_part(name)}/rollback"))

    def shadow_model(self, name: types.ModelName, body: types.VersionRequest) -> types.ModelSummary:
        """Compute a version's scores beside the champion's at each batch scoring, for comparison. Safe to retry."""
        return cast("types.ModelSummary", self.send("POST", f"/v1/models/{path_part(name)}/shadow", body=body))

    def end_shadow(self, name: types.ModelName) -> None:
        """Take the version in shadow out of it, if there is one."""
        self.send("DELETE", f"/v1/models/{path_part(name)}/shadow")

    def start_import(self, files: Any, *, dry_run: bool | None = None, on_error: str | None = None, mapping: Literal["salesforce", "hubspot", "dynamics", "pipedrive", "odoo"] | None = None, idempotency_key: str | None = None) -> types.Job:
        """Import a programme as a job: all or nothing, or with on_error=skip without the bad rows."""
        return cast("types.Job", self.send("POST", "/v1/imports", query={"dry_run": dry_run, "on_error": on_error, "mapping": mapping}, files=files, headers={"Idempotency-Key": idempotency_key}))

    def start_training(self, body: types.TrainingRequest, *, idempotency_key: str | None = None) -> types.Job:
        """Train models as a job: compared with baselines and champion, promoted if the gates pass."""
        return cast("types.Job", self.send("POST", "/v1/training-runs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def start_scoring(self, body: types.ScoringRequest, *, idempotency_key: str | None = None) -> types.Job:
        """Score all partners or prospects as a job and store the scores."""
        return cast("types.Job", self.send("POST", "/v1/scoring-runs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_job(self, job_id: str, **filters: Any) -> types.Job:
        """Say how far a job is; its starter and admins see it."""
        return cast("types.Job", self.send("GET", f"/v1/jobs/{path_part(job_id)}", query={**filters}))

    def start_export(self, *, idempotency_key: str | None = None) -> types.Job:
        """Export the store in the import format as a job; its file is at /v1/jobs/{job_id}/file when it is done."""
        return cast("types.Job", self.send("POST", "/v1/exports", headers={"Idempotency-Key": idempotency_key}))

    def get_job_file(self, job_id: str, **filters: Any) -> bytes:
        """Fetch what an export made."""
        return cast("bytes", self.send("GET", f"/v1/jobs/{path_part(job_id)}/file", query={**filters}))

    def get_pipeline(self, *, program: str | None = None, **filters: Any) -> types.PipelineFigures:
        """Show the stages of recruitment: which may follow which, how many stand there, how long, how many go on."""
        return cast("types.PipelineFigures", self.send("GET", "/v1/pipeline", query={"program": program, **filters}))

    def move_partner(self, key: str, body: types.StatusRequest, *, idempotency_key: str | None = None) -> types.Partner:
        """Bring a partner to another stage, with a reason that its history keeps."""
        return cast("types.Partner", self.send("POST", f"/v1/partners/{path_part(key)}/status", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_partner_history(self, key: str, **filters: Any) -> types.History:
        """Show who brought a partner to which status when and why, and how long it stood there."""
        return cast("types.History", self.send("GET", f"/v1/partners/{path_part(key)}/history", query={**filters}))

    def get_dossier(self, key: str, **filters: Any) -> types.DossierAnswer:
        """Show all that is known of a company; people's ratings and the model's fit stand side by side, never mixed."""
        return cast("types.DossierAnswer", self.send("GET", f"/v1/prospects/{path_part(key)}/dossier", query={**filters}))

    def get_program_overview(self, key: str, **filters: Any) -> types.OverviewAnswer:
        """Show a programme: objective, levels and rules, what it asks of partners, and who stands where in it."""
        return cast("types.OverviewAnswer", self.send("GET", f"/v1/programs/{path_part(key)}/overview", query={**filters}))

    def list_qualification(self, *, status: list[types.PartnerStatus] | None = None, country: str | None = None, kind: types.PartnerKind | None = None, program: str | None = None, account_manager: str | None = None, min_score: float | None = None, qualified: bool | None = None, rated: bool | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.ProspectPage:
        """List companies by people's qualification score, the best first, unrated ones last; the model's fit beside it."""
        return cast("types.ProspectPage", self.send("GET", "/v1/prospects/qualification", query={"status": status, "country": country, "kind": kind, "program": program, "account_manager": account_manager, "min_score": min_score, "qualified": qualified, "rated": rated, "limit": limit, "cursor": cursor, **filters}))

    def get_qualification(self, key: str, **filters: Any) -> types.QualificationAnswer:
        """Show a company's score, 0 to 100, with each criterion's part of it, ratings that are missing, musts not met."""
        return cast("types.QualificationAnswer", self.send("GET", f"/v1/partners/{path_part(key)}/qualification", query={**filters}))

    def rate_partner(self, key: str, body: types.RatingRequest, *, idempotency_key: str | None = None) -> types.Rating:
        """Rate a company by one criterion, now and in the caller's name. A later rating replaces one's earlier one."""
        return cast("types.Rating", self.send("POST", f"/v1/partners/{path_part(key)}/ratings", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_onboarding_report(self, *, program: str | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.OnboardingReport:
        """Show how long onboarding and the first deal take, per programme and in all, and who is being onboarded."""
        return cast("types.OnboardingReport", self.send("GET", "/v1/onboarding", query={"program": program, "limit": limit, "cursor": cursor, **filters}))

    def get_onboarding(self, key: str, **filters: Any) -> types.OnboardingAnswer:
        """Show a partner's checklist: what is done, overdue and next, and how long it took. A partner sees its own."""
        return cast("types.OnboardingAnswer", self.send("GET", f"/v1/partners/{path_part(key)}/onboarding", query={**filters}))

    def start_onboarding(self, key: str, *, idempotency_key: str | None = None) -> types.OnboardingAnswer:
        """Make the tasks that a partner's checklist lacks, such as those of new steps. Again it adds nothing."""
        return cast("types.OnboardingAnswer", self.send("POST", f"/v1/partners/{path_part(key)}/onboarding", headers={"Idempotency-Key": idempotency_key}))

    def finish_task(self, key: str, *, idempotency_key: str | None = None) -> types.Task:
        """Tick off a task now; one that is done stays as it is, so a retry is safe. A partner ticks off its own."""
        return cast("types.Task", self.send("POST", f"/v1/tasks/{path_part(key)}/done", headers={"Idempotency-Key": idempotency_key}))

    def get_partner_training(self, key: str, *, within_days: int | None = None, **filters: Any) -> types.TrainingAnswer:
        """Show a partner's certificates: held, running out, run out; and what it lacks, with what that would open."""
        return cast("types.TrainingAnswer", self.send("GET", f"/v1/partners/{path_part(key)}/training", query={"within_days": within_days, **filters}))

    def complete_enrolment(self, key: str, body: types.CompletionRequest, *, idempotency_key: str | None = None) -> types.Enrolment:
        """Say how an enrolment ended; passing writes the certificate, which expires by the course's validity."""
        return cast("types.Enrolment", self.send("POST", f"/v1/enrolments/{path_part(key)}/complete", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_expiring_certifications(self, *, within_days: int | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.api__schemas_people__ExpiringPage:
        """List certificates that run out and were not renewed, the soonest first. A partner sees its own."""
        return cast("types.api__schemas_people__ExpiringPage", self.send("GET", "/v1/certifications/expiring", query={"within_days": within_days, "limit": limit, "cursor": cursor, **filters}))

    def get_training_coverage(self, *, program: str | None = None, within_days: int | None = None, **filters: Any) -> types.TrainingCoverage:
        """Show for each programme and course how many active partners hold it, lose it soon, or are learning."""
        return cast("types.TrainingCoverage", self.send("GET", "/v1/training/coverage", query={"program": program, "within_days": within_days, **filters}))

    def list_figures(self, **filters: Any) -> types.FigureDefinitions:
        """List all figures: unit, formula in words, what null means. Partners are not told those for staff only."""
        return cast("types.FigureDefinitions", self.send("GET", "/v1/analytics/figures", query={**filters}))

    def get_figure(self, name: str, *, by: Literal["partner", "program", "tier", "kind", "status", "country", "region", "territory", "account_manager", "product", "month", "quarter", "year"] | None = None, limit: int | None = None, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, program: str | None = None, tier: str | None = None, kind: types.PartnerKind | None = None, status: types.PartnerStatus | None = None, country: str | None = None, region: str | None = None, territory: str | None = None, account_manager: str | None = None, partner: str | None = None, product: str | None = None, **filters: Any) -> types.FigureAnswer:
        """Tell a figure of a period, with its trend against the period before, in all and by group or over time."""
        return cast("types.FigureAnswer", self.send("GET", f"/v1/analytics/figures/{path_part(name)}", query={"by": by, "limit": limit, "period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, "program": program, "tier": tier, "kind": kind, "status": status, "country": country, "region": region, "territory": territory, "account_manager": account_manager, "partner": partner, "product": product, **filters}))

    def list_figure_rows(self, name: str, *, limit: int | None = None, cursor: str | None = None, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, program: str | None = None, tier: str | None = None, kind: types.PartnerKind | None = None, status: types.PartnerStatus | None = None, country: str | None = None, region: str | None = None, territory: str | None = None, account_manager: str | None = None, partner: str | None = None, product: str | None = None, **filters: Any) -> types.FigureRows:
        """List the rows that a figure is counted from, the latest first. The next pages are as of the same instant."""
        return cast("types.FigureRows", self.send("GET", f"/v1/analytics/figures/{path_part(name)}/rows", query={"limit": limit, "cursor": cursor, "period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, "program": program, "tier": tier, "kind": kind, "status": status, "country": country, "region": region, "territory": territory, "account_manager": account_manager, "partner": partner, "product": product, **filters}))

    def get_cohorts(self, *, quarters: int | None = None, as_of: str | None = None, program: str | None = None, tier: str | None = None, kind: types.PartnerKind | None = None, status: types.PartnerStatus | None = None, country: str | None = None, region: str | None = None, territory: str | None = None, account_manager: str | None = None, partner: str | None = None, product: str | None = None, **filters: Any) -> types.CohortsAnswer:
        """Tell what partners recruited in one quarter brought in each quarter since, and how many are still active."""
        return cast("types.CohortsAnswer", self.send("GET", "/v1/analytics/cohorts", query={"quarters": quarters, "as_of": as_of, "program": program, "tier": tier, "kind": kind, "status": status, "country": country, "region": region, "territory": territory, "account_manager": account_manager, "partner": partner, "product": product, **filters}))

    def get_overview(self, *, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, program: str | None = None, tier: str | None = None, kind: types.PartnerKind | None = None, status: types.PartnerStatus | None = None, country: str | None = None, region: str | None = None, territory: str | None = None, account_manager: str | None = None, partner: str | None = None, product: str | None = None, **filters: Any) -> types.Overview:
        """Tell every figure of a period with its trend, companies by status and partners by journey stage."""
        return cast("types.Overview", self.send("GET", "/v1/analytics/overview", query={"period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, "program": program, "tier": tier, "kind": kind, "status": status, "country": country, "region": region, "territory": territory, "account_manager": account_manager, "partner": partner, "product": product, **filters}))

    def rank_partners(self, *, figure: str | None = None, limit: int | None = None, cursor: str | None = None, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, program: str | None = None, tier: str | None = None, kind: types.PartnerKind | None = None, status: types.PartnerStatus | None = None, country: str | None = None, region: str | None = None, territory: str | None = None, account_manager: str | None = None, partner: str | None = None, product: str | None = None, **filters: Any) -> types.Ranking:
        """Rank partners by a figure, the best first; ties share a rank. The next pages are as of the same instant."""
        return cast("types.Ranking", self.send("GET", "/v1/analytics/ranking", query={"figure": figure, "limit": limit, "cursor": cursor, "period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, "program": program, "tier": tier, "kind": kind, "status": status, "country": country, "region": region, "territory": territory, "account_manager": account_manager, "partner": partner, "product": product, **filters}))

    def get_scorecard(self, key: str, *, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, **filters: Any) -> types.Scorecard:
        """Tell a partner's figures with trend, and where it stands among peers, which are never named."""
        return cast("types.Scorecard", self.send("GET", f"/v1/partners/{path_part(key)}/scorecard", query={"period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, **filters}))

    def get_journey(self, key: str, *, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, **filters: Any) -> types.Journey:
        """Tell a partner's stage (attracting, first revenue, acceleration, maturity), why, and what to do next."""
        return cast("types.Journey", self.send("GET", f"/v1/partners/{path_part(key)}/journey", query={"period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, **filters}))

    def get_journeys(self, *, by: Literal["month", "quarter", "year"] | None = None, period: str | None = None, from_: str | None = None, to: str | None = None, currency: str | None = None, as_of: str | None = None, **filters: Any) -> types.JourneyOverview:
        """Count partners by stage at the end of each part of the period, and how many went from one stage to another in it."""
        return cast("types.JourneyOverview", self.send("GET", "/v1/analytics/journey", query={"by": by, "period": period, "from": from_, "to": to, "currency": currency, "as_of": as_of, **filters}))

    def list_goal_progress(self, *, partner: str | None = None, metric: str | None = None, status: types.GoalStatus | None = None, program: str | None = None, tier: str | None = None, account_manager: str | None = None, running: bool | None = None, limit: int | None = None, cursor: str | None = None, as_of: str | None = None, **filters: Any) -> types.GoalsProgress:
        """Tell how goals stand: actual beside target, pace, forecast with an 80 % interval; the most pressing first."""
        return cast("types.GoalsProgress", self.send("GET", "/v1/goals/progress", query={"partner": partner, "metric": metric, "status": status, "program": program, "tier": tier, "account_manager": account_manager, "running": running, "limit": limit, "cursor": cursor, "as_of": as_of, **filters}))

    def get_partner_plan(self, key: str, *, as_of: str | None = None, **filters: Any) -> types.PartnerPlan:
        """Show a partner's joint business plan with its goals and how they stand; without a plan the goals that run."""
        return cast("types.PartnerPlan", self.send("GET", f"/v1/partners/{path_part(key)}/plan", query={"as_of": as_of, **filters}))

    def change_plan_status(self, key: str, body: types.PlanStatusChange, *, idempotency_key: str | None = None) -> types.PlanAnswer:
        """Agree to a plan, close it, or make an agreed one a draft again. The same status again changes nothing."""
        return cast("types.PlanAnswer", self.send("POST", f"/v1/plans/{path_part(key)}/status", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_intervention_outcomes(self, *, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.InterventionOutcomes:
        """Tell what came of actions that were taken, the latest first: risk, signs of life and revenue, before and after."""
        return cast("types.InterventionOutcomes", self.send("GET", "/v1/interventions/outcomes", query={"limit": limit, "cursor": cursor, **filters}))

    def answer_survey(self, key: str, body: types.SurveyAnswerCreate, *, idempotency_key: str | None = None) -> types.SurveyAnswerKept:
        """Answer a survey, once in its period; the answer is kept as feedback. Staff name the partner answered for."""
        return cast("types.SurveyAnswerKept", self.send("POST", f"/v1/surveys/{path_part(key)}/answers", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_survey_results(self, key: str, *, as_of: str | None = None, **filters: Any) -> types.SurveyResultsAnswer:
        """Tell what partners answered in the period that `as_of` lies in: value, distribution, response rate, comments."""
        return cast("types.SurveyResultsAnswer", self.send("GET", f"/v1/surveys/{path_part(key)}/results", query={"as_of": as_of, **filters}))

    def get_session(self, **filters: Any) -> types.SessionAnswer:
        """Say who I am and what I may."""
        return cast("types.SessionAnswer", self.send("GET", "/v1/session", query={**filters}))

    def sign_in(self, body: types.Credentials) -> types.SessionAnswer:
        """Sign in with e-mail address and password: sets the session's cookie, answers the CSRF token."""
        return cast("types.SessionAnswer", self.send("POST", "/v1/session", body=body))

    def sign_out(self) -> None:
        """Sign out; nothing happens to an API key."""
        self.send("DELETE", "/v1/session")

    def change_password(self, body: types.PasswordChange) -> None:
        """Change the own password; all other sessions end. Wrong old passwords count as tries to sign in."""
        self.send("PUT", "/v1/session/password", body=body)

    def accept_invitation(self, body: types.Acceptance) -> None:
        """Set the password of an invited person with the one-time token; then sign in with it."""
        self.send("POST", "/v1/session/invitation", body=body)

    def begin_sign_on(self, **filters: Any) -> None:
        """Send the browser to the identity provider; 404 when single sign-on is off."""
        self.send("GET", "/v1/auth/oidc/login", query={**filters})

    def finish_sign_on(self, *, code: str | None = None, state: str | None = None, error: str | None = None, **filters: Any) -> None:
        """Take the browser back from the provider: begins the session and goes on to the console."""
        self.send("GET", "/v1/auth/oidc/callback", query={"code": code, "state": state, "error": error, **filters})

    def list_users(self, *, role: types.Role | None = None, partner_role: types.PartnerRole | None = None, status: types.UserStatus | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.UserPage:
        """List people, by age of the account; a partner's admin sees those of that partner."""
        return cast("types.UserPage", self.send("GET", "/v1/users", query={"role": role, "partner_role": partner_role, "status": status, "limit": limit, "cursor": cursor, **filters}))

    def create_user(self, body: types.NewUser, *, idempotency_key: str | None = None) -> types.InvitationAnswer:
        """Invite a person, who sets a password with the token told here, once. Safe to retry with an Idempotency-Key."""
        return cast("types.InvitationAnswer", self.send("POST", "/v1/users", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_user(self, user_id: int, **filters: Any) -> types.UserAnswer:
        """Get a person."""
        return cast("types.UserAnswer", self.send("GET", f"/v1/users/{path_part(user_id)}", query={**filters}))

    def change_user(self, user_id: int, body: types.UserPatch) -> types.UserAnswer:
        """Change what is given. With another role, partner or status the person is signed out everywhere."""
        return cast("types.UserAnswer", self.send("PATCH", f"/v1/users/{path_part(user_id)}", body=body))

    def deactivate_user(self, user_id: int) -> None:
        """Shut an account: what the person did stays readable under the name. Safe to retry."""
        self.send("DELETE", f"/v1/users/{path_part(user_id)}")

    def renew_invitation(self, user_id: int) -> types.InvitationAnswer:
        """Make a new one-time token: for a lost invitation or a forgotten password. Earlier ones end."""
        return cast("types.InvitationAnswer", self.send("POST", f"/v1/users/{path_part(user_id)}/invitation"))

    def list_keys(self, **filters: Any) -> list[types.KeyAnswer]:
        """List all keys, oldest first."""
        return cast("list[types.KeyAnswer]", self.send("GET", "/v1/keys", query={**filters}))

    def create_key(self, body: types.NewKeyRequest, *, idempotency_key: str | None = None) -> types.NewKeyAnswer:
        """Make a key and tell its secret, this once. Safe to retry with an Idempotency-Key."""
        return cast("types.NewKeyAnswer", self.send("POST", "/v1/keys", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_key(self, prefix: str, **filters: Any) -> types.KeyAnswer:
        """Get a key."""
        return cast("types.KeyAnswer", self.send("GET", f"/v1/keys/{path_part(prefix)}", query={**filters}))

    def revoke_key(self, prefix: str) -> None:
        """Revoke a key for good. Safe to retry."""
        self.send("DELETE", f"/v1/keys/{path_part(prefix)}")

    def rotate_key(self, prefix: str, body: types.RotationRequest) -> types.NewKeyAnswer:
        """Give a key a new secret; name, role and scopes stay, and so does the prefix."""
        return cast("types.NewKeyAnswer", self.send("POST", f"/v1/keys/{path_part(prefix)}/rotate", body=body))

    def get_deal_commission(self, key: str, **filters: Any) -> types.DealCommission:
        """Say how the commission on a deal comes about by today's terms, and what was booked for it and taken back."""
        return cast("types.DealCommission", self.send("GET", f"/v1/deals/{path_part(key)}/commission", query={**filters}))

    def preview_commission(self, body: types.PreviewRequest) -> types.CommissionAnswer:
        """Say what a deal would earn if it were won like this. Nothing is kept; safe to repeat."""
        return cast("types.CommissionAnswer", self.send("POST", "/v1/commissions/preview", body=body))

    def run_commissions(self, body: types.RunRequest, *, idempotency_key: str | None = None) -> types.RunAnswer:
        """Book all that is due for won deals, also for those that came by import, and take back what no longer is."""
        return cast("types.RunAnswer", self.send("POST", "/v1/commission-runs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def book_adjustment(self, body: types.AdjustmentRequest, *, idempotency_key: str | None = None) -> types.LedgerEntry:
        """Book an adjustment by hand, with its reason: exactly one of credit and debit, in whole minor units."""
        return cast("types.LedgerEntry", self.send("POST", "/v1/ledger", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_ledger(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, kind: str | None = None, deal: str | None = None, plan: str | None = None, incentive: str | None = None, statement: str | None = None, base_amount: str | None = None, rate: str | None = None, share: str | None = None, credit: str | None = None, debit: str | None = None, currency: str | None = None, earned_on: str | None = None, booked_at: str | None = None, reverses: str | None = None, explanation: str | None = None, updated_since: str | None = None, **filters: Any) -> types.LedgerEntryPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.LedgerEntryPage", self.send("GET", "/v1/ledger", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "kind": kind, "deal": deal, "plan": plan, "incentive": incentive, "statement": statement, "base_amount": base_amount, "rate": rate, "share": share, "credit": credit, "debit": debit, "currency": currency, "earned_on": earned_on, "booked_at": booked_at, "reverses": reverses, "explanation": explanation, "updated_since": updated_since, **filters}))

    def get_balance(self, key: str, **filters: Any) -> types.BalanceAnswer:
        """Say what a partner is owed, per currency: all credits less all debits, payouts among them."""
        return cast("types.BalanceAnswer", self.send("GET", f"/v1/partners/{path_part(key)}/balance", query={**filters}))

    def book_payout(self, key: str, body: types.PayoutRequest, *, idempotency_key: str | None = None) -> types.LedgerEntry:
        """Book that a partner was paid: at most what it is owed in that currency."""
        return cast("types.LedgerEntry", self.send("POST", f"/v1/partners/{path_part(key)}/payouts", body=body, headers={"Idempotency-Key": idempotency_key}))

    def close_statement(self, body: types.StatementRequest, *, idempotency_key: str | None = None) -> types.StatementsAnswer:
        """Close a period of a partner: one statement per currency, whose totals are the sums of its entries."""
        return cast("types.StatementsAnswer", self.send("POST", "/v1/statements", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_statements(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, period_start: str | None = None, period_end: str | None = None, currency: str | None = None, credit: str | None = None, debit: str | None = None, closed_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.StatementPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.StatementPage", self.send("GET", "/v1/statements", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "period_start": period_start, "period_end": period_end, "currency": currency, "credit": credit, "debit": debit, "closed_at": closed_at, "updated_since": updated_since, **filters}))

    def run_statements(self, body: types.StatementRunRequest, *, idempotency_key: str | None = None) -> types.StatementRunAnswer:
        """Close a period for all partners with entries in no statement; safe to repeat. Go on with `next_after`."""
        return cast("types.StatementRunAnswer", self.send("POST", "/v1/statement-runs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_statement_csv(self, key: str, **filters: Any) -> bytes:
        """Give the entries of a statement as CSV."""
        return cast("bytes", self.send("GET", f"/v1/statements/{path_part(key)}/csv", query={**filters}))

    def approve_fund_request(self, key: str, body: types.FundApproval) -> types.FundRequest:
        """Approve a request, with all that was asked for or less. An offer's budget is never overdrawn: 409."""
        return cast("types.FundRequest", self.send("POST", f"/v1/fund-requests/{path_part(key)}/approve", body=body))

    def reject_fund_request(self, key: str, body: types.ReasonGiven) -> types.FundRequest:
        """Reject a request, or what was claimed, with a reason."""
        return cast("types.FundRequest", self.send("POST", f"/v1/fund-requests/{path_part(key)}/reject", body=body))

    def claim_fund_request(self, key: str, body: types.FundClaim) -> types.FundRequest:
        """Claim what was approved or less, with evidence of what was done."""
        return cast("types.FundRequest", self.send("POST", f"/v1/fund-requests/{path_part(key)}/claim", body=body))

    def pay_fund_request(self, key: str) -> types.FundRequest:
        """Credit what was claimed to the partner's ledger; it goes out with the next payout."""
        return cast("types.FundRequest", self.send("POST", f"/v1/fund-requests/{path_part(key)}/pay"))

    def withdraw_fund_request(self, key: str, body: types.OptionalReason) -> types.FundRequest:
        """Withdraw a request that nothing was claimed of."""
        return cast("types.FundRequest", self.send("POST", f"/v1/fund-requests/{path_part(key)}/withdraw", body=body))

    def get_partner_tier(self, key: str, **filters: Any) -> types.TierStanding:
        """Say which tier a partner has, which it has earned, and what is missing to the next one."""
        return cast("types.TierStanding", self.send("GET", f"/v1/partners/{path_part(key)}/tier", query={**filters}))

    def review_tiers(self, body: types.TierReviewRequest, *, idempotency_key: str | None = None) -> types.TierReviewAnswer:
        """Compare active partners with the thresholds of their tiers, and propose promotions and demotions."""
        return cast("types.TierReviewAnswer", self.send("POST", "/v1/tier-reviews", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_tier_reviews(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, reviewed_on: str | None = None, tier: str | None = None, proposed_tier: str | None = None, explanation: str | None = None, status: str | None = None, decided_by: str | None = None, decided_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.TierReviewPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.TierReviewPage", self.send("GET", "/v1/tier-reviews", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "reviewed_on": reviewed_on, "tier": tier, "proposed_tier": proposed_tier, "explanation": explanation, "status": status, "decided_by": decided_by, "decided_at": decided_at, "updated_since": updated_since, **filters}))

    def accept_tier_review(self, key: str) -> types.TierReview:
        """Give the partner the proposed tier."""
        return cast("types.TierReview", self.send("POST", f"/v1/tier-reviews/{path_part(key)}/accept"))

    def reject_tier_review(self, key: str, body: types.ReasonGiven) -> types.TierReview:
        """Leave the partner's tier as it is, with a reason. It is not proposed again in this quarter."""
        return cast("types.TierReview", self.send("POST", f"/v1/tier-reviews/{path_part(key)}/reject", body=body))

    def list_expiring_agreements(self, *, within_days: int | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.api__schemas_money__ExpiringPage:
        """List active agreements that end within some days, the soonest first, with notice and follower if there are."""
        return cast("types.api__schemas_money__ExpiringPage", self.send("GET", "/v1/agreements/expiring", query={"within_days": within_days, "limit": limit, "cursor": cursor, **filters}))

    def get_agreement_history(self, key: str, **filters: Any) -> types.AgreementHistory:
        """Tell what changed of an agreement, the latest first, with the reasons that were given."""
        return cast("types.AgreementHistory", self.send("GET", f"/v1/agreements/{path_part(key)}/history", query={**filters}))

    def activate_agreement(self, key: str, body: types.ReasonGiven) -> types.Agreement:
        """Activate a draft or a suspended agreement. 409 names exclusive rights of another partner that it overlaps."""
        return cast("types.Agreement", self.send("POST", f"/v1/agreements/{path_part(key)}/activate", body=body))

    def suspend_agreement(self, key: str, body: types.ReasonGiven) -> types.Agreement:
        """Suspend an active agreement: while suspended it makes nobody eligible and pays no commission."""
        return cast("types.Agreement", self.send("POST", f"/v1/agreements/{path_part(key)}/suspend", body=body))

    def end_agreement(self, key: str, body: types.ReasonGiven) -> types.Agreement:
        """End an agreement for good, today if its last day lies ahead."""
        return cast("types.Agreement", self.send("POST", f"/v1/agreements/{path_part(key)}/end", body=body))

    def renew_agreement(self, key: str, body: types.RenewalRequest, *, idempotency_key: str | None = None) -> types.Agreement:
        """Make the agreement that follows from the day after: same scope, rate, agreed terms. The two name each other."""
        return cast("types.Agreement", self.send("POST", f"/v1/agreements/{path_part(key)}/renew", body=body, headers={"Idempotency-Key": idempotency_key}))

    def add_agreement_terms(self, key: str, body: types.TermsGiven, *, idempotency_key: str | None = None) -> types.Term:
        """Add the next version of the terms. What has a day of agreement is never changed."""
        return cast("types.Term", self.send("POST", f"/v1/agreements/{path_part(key)}/terms", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_alerts(self, *, kind: Literal["risk_changed", "lead_unanswered", "lead_offered", "lead_needs_person", "lead_customer_waiting", "agreement_expiring", "certificate_expiring", "goal_off_track", "registration_conflict", "registration_decided", "registration_expiring", "message", "routing_unfair", "webhook_disabled", "weekly_digest"] | None = None, severity: Literal["info", "warning", "critical"] | None = None, partner: str | None = None, state: Literal["open", "resolved"] | None = None, unread: bool | None = None, console: bool | None = None, portfolio: Literal["mine"] | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.AlertPage:
        """List alerts, the newest first: of the partners that you may see; a partner gets those that concern it."""
        return cast("types.AlertPage", self.send("GET", "/v1/alerts", query={"kind": kind, "severity": severity, "partner": partner, "state": state, "unread": unread, "console": console, "portfolio": portfolio, "limit": limit, "cursor": cursor, **filters}))

    def read_alert(self, alert_id: int) -> types.AlertAnswer:
        """Note that you have read an alert; others still find it unread. Safe to retry."""
        return cast("types.AlertAnswer", self.send("POST", f"/v1/alerts/{path_part(alert_id)}/read"))

    def resolve_alert(self, alert_id: int) -> types.AlertAnswer:
        """Say that an alert is taken care of, for everybody who sees it. Safe to retry."""
        return cast("types.AlertAnswer", self.send("POST", f"/v1/alerts/{path_part(alert_id)}/resolve"))

    def get_alert_preferences(self, **filters: Any) -> types.PreferencesAnswer:
        """Say how you are told of each kind of alert."""
        return cast("types.PreferencesAnswer", self.send("GET", "/v1/alert-preferences", query={**filters}))

    def choose_alert_preferences(self, body: types.PreferencesInput) -> types.PreferencesAnswer:
        """Choose how you are told: in the console, by e-mail, by webhook; at once, or with the day's others."""
        return cast("types.PreferencesAnswer", self.send("PUT", "/v1/alert-preferences", body=body))

    def list_audit(self, *, resource: str | None = None, key: str | None = None, actor: str | None = None, action: str | None = None, partner: str | None = None, from_: str | None = None, to: str | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.AuditPage:
        """List what was done or read, the newest first."""
        return cast("types.AuditPage", self.send("GET", "/v1/audit", query={"resource": resource, "key": key, "actor": actor, "action": action, "partner": partner, "from": from_, "to": to, "limit": limit, "cursor": cursor, **filters}))

    def verify_audit(self, *, head_seq: int | None = None, head_hash: str | None = None, **filters: Any) -> types.VerificationAnswer:
        """Recompute the chain from its beginning, which takes some seconds per 100,000 entries."""
        return cast("types.VerificationAnswer", self.send("GET", "/v1/audit/verification", query={"head_seq": head_seq, "head_hash": head_hash, **filters}))

    def list_events(self, *, after: int | None = None, name: str | None = None, partner: str | None = None, limit: int | None = None, **filters: Any) -> types.EventFeed:
        """List what happened after an event, the oldest first; a partner gets what concerns it and it may see."""
        return cast("types.EventFeed", self.send("GET", "/v1/events", query={"after": after, "name": name, "partner": partner, "limit": limit, **filters}))

    def list_webhooks(self, *, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.WebhookPage:
        """List webhooks, by age."""
        return cast("types.WebhookPage", self.send("GET", "/v1/webhooks", query={"limit": limit, "cursor": cursor, **filters}))

    def create_webhook(self, body: types.NewWebhook, *, idempotency_key: str | None = None) -> types.WebhookWithSecret:
        """Have an address told of events, from now on; the secret is told here, once. Safe to retry by Idempotency-Key."""
        return cast("types.WebhookWithSecret", self.send("POST", "/v1/webhooks", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_webhook(self, webhook_id: int, **filters: Any) -> types.WebhookAnswer:
        """Get a webhook and how it does."""
        return cast("types.WebhookAnswer", self.send("GET", f"/v1/webhooks/{path_part(webhook_id)}", query={**filters}))

    def change_webhook(self, webhook_id: int, body: types.WebhookPatch, *, if_match: str | None = None) -> types.WebhookAnswer:
        """Change what is given. Switched off, what waits is given up; switched on again, it begins with what comes then."""
        return cast("types.WebhookAnswer", self.send("PATCH", f"/v1/webhooks/{path_part(webhook_id)}", body=body, headers={"If-Match": if_match}))

    def delete_webhook(self, webhook_id: int) -> None:
        """Remove a webhook and what waits for it."""
        self.send("DELETE", f"/v1/webhooks/{path_part(webhook_id)}")

    def rotate_webhook_secret(self, webhook_id: int, *, idempotency_key: str | None = None) -> types.WebhookWithSecret:
        """Make a new secret, told here, once. For a day deliveries are signed with the former one, too."""
        return cast("types.WebhookWithSecret", self.send("POST", f"/v1/webhooks/{path_part(webhook_id)}/secret", headers={"Idempotency-Key": idempotency_key}))

    def test_webhook(self, webhook_id: int, *, idempotency_key: str | None = None) -> types.DeliveryAnswer:
        """Send the event `webhook.test`, signed like all others; look at the delivery to see how it went."""
        return cast("types.DeliveryAnswer", self.send("POST", f"/v1/webhooks/{path_part(webhook_id)}/test", headers={"Idempotency-Key": idempotency_key}))

    def list_deliveries(self, webhook_id: int, *, status: Literal["waiting", "delivered", "dead"] | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.DeliveryPage:
        """List what was sent or waits, the newest first; `dead` are those given up."""
        return cast("types.DeliveryPage", self.send("GET", f"/v1/webhooks/{path_part(webhook_id)}/deliveries", query={"status": status, "limit": limit, "cursor": cursor, **filters}))

    def get_delivery(self, webhook_id: int, delivery_id: str, **filters: Any) -> types.DeliveryAnswer:
        """Get a delivery."""
        return cast("types.DeliveryAnswer", self.send("GET", f"/v1/webhooks/{path_part(webhook_id)}/deliveries/{path_part(delivery_id)}", query={**filters}))

    def replay_delivery(self, webhook_id: int, delivery_id: str, *, idempotency_key: str | None = None) -> types.DeliveryAnswer:
        """Send the event of a delivery again, whether it got there or not, as a delivery of its own."""
        return cast("types.DeliveryAnswer", self.send("POST", f"/v1/webhooks/{path_part(webhook_id)}/deliveries/{path_part(delivery_id)}/replay", headers={"Idempotency-Key": idempotency_key}))

    def replay_events(self, webhook_id: int, body: types.api__routes__webhooks__ReplayRequest, *, idempotency_key: str | None = None) -> types.ReplayAnswer:
        """Send all events again that it wants and that happened since an instant, 10,000 at the most."""
        return cast("types.ReplayAnswer", self.send("POST", f"/v1/webhooks/{path_part(webhook_id)}/replay", body=body, headers={"Idempotency-Key": idempotency_key}))

    def check_registration(self, body: types.CustomerInput) -> types.CheckAnswer:
        """Show the other claims on a customer before anything is registered. Registers nothing; safe to repeat."""
        return cast("types.CheckAnswer", self.send("POST", "/v1/registrations/check", body=body))

    def submit_registration(self, body: types.RegistrationInput, *, idempotency_key: str | None = None) -> types.SubmittedAnswer:
        """Register a deal: it is created, checked and, where the programme's rules allow and nothing is found, approved."""
        return cast("types.SubmittedAnswer", self.send("POST", "/v1/registrations", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_registrations(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, deal: str | None = None, partner: str | None = None, submitted_at: str | None = None, protected_until: str | None = None, reminded_at: str | None = None, decided_at: str | None = None, decided_by: str | None = None, reason: str | None = None, address: str | None = None, distinct_from: str | None = None, appealed_at: str | None = None, appeal_reason: str | None = None, appeal_status: str | None = None, appeal_decided_by: str | None = None, appeal_decided_at: str | None = None, appeal_decision: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RegistrationPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RegistrationPage", self.send("GET", "/v1/registrations", query={"limit": limit, "cursor": cursor, "sort": sort, "deal": deal, "partner": partner, "submitted_at": submitted_at, "protected_until": protected_until, "reminded_at": reminded_at, "decided_at": decided_at, "decided_by": decided_by, "reason": reason, "address": address, "distinct_from": distinct_from, "appealed_at": appealed_at, "appeal_reason": appeal_reason, "appeal_status": appeal_status, "appeal_decided_by": appeal_decided_by, "appeal_decided_at": appeal_decided_at, "appeal_decision": appeal_decision, "updated_since": updated_since, **filters}))

    def get_registration_conflicts(self, deal: str, **filters: Any) -> types.CheckAnswer:
        """Show the other claims on a registered customer as they stand now, those that hold it first."""
        return cast("types.CheckAnswer", self.send("GET", f"/v1/registrations/{path_part(deal)}/conflicts", query={**filters}))

    def approve_registration(self, deal: str, *, idempotency_key: str | None = None, body: types.Approval | None | None = None) -> types.RegistrationAnswer:
        """Approve a registration and protect it. 409 while another claim on the customer is approved."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/approve", body=body, headers={"Idempotency-Key": idempotency_key}))

    def reject_registration(self, deal: str, body: types.Rejection, *, idempotency_key: str | None = None) -> types.RegistrationAnswer:
        """Reject a registration, or take an approval back. The partner reads the reason and may appeal once."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/reject", body=body, headers={"Idempotency-Key": idempotency_key}))

    def extend_registration(self, deal: str, body: types.Extension, *, idempotency_key: str | None = None) -> types.RegistrationAnswer:
        """Protect an approved registration for some days more. Retry with an Idempotency-Key only: it adds up."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/extend", body=body, headers={"Idempotency-Key": idempotency_key}))

    def withdraw_registration(self, deal: str, *, idempotency_key: str | None = None, body: types.Withdrawal | None | None = None) -> types.RegistrationAnswer:
        """Give up a claim: the customer is free for others from then on."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/withdraw", body=body, headers={"Idempotency-Key": idempotency_key}))

    def appeal_registration(self, deal: str, body: types.AppealInput, *, idempotency_key: str | None = None) -> types.RegistrationAnswer:
        """Ask that a rejection be looked at again; once for each registration."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/appeal", body=body, headers={"Idempotency-Key": idempotency_key}))

    def decide_appeal(self, deal: str, body: types.AppealDecision, *, idempotency_key: str | None = None) -> types.RegistrationAnswer:
        """Decide an appeal. Upheld, the registration is approved: 409 while another claim on the customer is."""
        return cast("types.RegistrationAnswer", self.send("POST", f"/v1/registrations/{path_part(deal)}/appeal/decide", body=body, headers={"Idempotency-Key": idempotency_key}))

    def report_deal_progress(self, key: str, body: types.DealProgress, *, idempotency_key: str | None = None, if_match: str | None = None) -> types.Deal:
        """Tell how an open deal stands: stage, amount, when it will close, won or lost. A partner tells of its own."""
        return cast("types.Deal", self.send("POST", f"/v1/deals/{path_part(key)}/progress", body=body, headers={"Idempotency-Key": idempotency_key, "If-Match": if_match}))

    def offer_lead(self, body: types.OfferInput, *, idempotency_key: str | None = None) -> types.Assignment:
        """Offer a lead to a partner, to be answered in time: see its `/terms`."""
        return cast("types.Assignment", self.send("POST", "/v1/assignments", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_assignments(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, lead: str | None = None, partner: str | None = None, offered_at: str | None = None, response: str | None = None, responded_at: str | None = None, decline_reason: str | None = None, updated_since: str | None = None, **filters: Any) -> types.AssignmentPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.AssignmentPage", self.send("GET", "/v1/assignments", query={"limit": limit, "cursor": cursor, "sort": sort, "lead": lead, "partner": partner, "offered_at": offered_at, "response": response, "responded_at": responded_at, "decline_reason": decline_reason, "updated_since": updated_since, **filters}))

    def get_assignment_terms(self, id: int, **filters: Any) -> types.OfferTerms:
        """Tell until when an offered lead is to be answered, and of which match it came. A partner sees its own offers."""
        return cast("types.OfferTerms", self.send("GET", f"/v1/assignments/{path_part(id)}/terms", query={**filters}))

    def accept_assignment(self, id: int, *, idempotency_key: str | None = None) -> types.Assignment:
        """Accept an offered lead. Exactly one of several partners gets it; others get 409, their offers are withdrawn."""
        return cast("types.Assignment", self.send("POST", f"/v1/assignments/{path_part(id)}/accept", headers={"Idempotency-Key": idempotency_key}))

    def decline_assignment(self, id: int, *, idempotency_key: str | None = None, body: types.Decline | None | None = None) -> types.Assignment:
        """Decline an offered lead, or give an accepted one back. The partner is not asked for it again."""
        return cast("types.Assignment", self.send("POST", f"/v1/assignments/{path_part(id)}/decline", body=body, headers={"Idempotency-Key": idempotency_key}))

    def withdraw_assignment(self, id: int, *, idempotency_key: str | None = None) -> types.Assignment:
        """Take an offer back, also one that was accepted; the lead may be offered to others."""
        return cast("types.Assignment", self.send("POST", f"/v1/assignments/{path_part(id)}/withdraw", headers={"Idempotency-Key": idempotency_key}))

    def export_partner(self, key: str, **filters: Any) -> types.PersonalData:
        """Give everything that is kept on a partner, of one instant, as one document, however long."""
        return cast("types.PersonalData", self.send("GET", f"/v1/partners/{path_part(key)}/export", query={**filters}))

    def export_contact(self, key: str, **filters: Any) -> types.PersonalData:
        """Give everything that is kept on a person of a partner: the row, what names it, the account, the trail."""
        return cast("types.PersonalData", self.send("GET", f"/v1/contacts/{path_part(key)}/export", query={**filters}))

    def export_lead(self, key: str, **filters: Any) -> types.PersonalData:
        """Give everything that is kept on a lead and its contact."""
        return cast("types.PersonalData", self.send("GET", f"/v1/leads/{path_part(key)}/export", query={**filters}))

    def erase_partner(self, key: str, body: types.ErasureRequest, *, idempotency_key: str | None = None) -> types.ErasureCertificate:
        """Erase a partner whose relation has ended, and its people; amounts, dates and states stay under a pseudonym."""
        return cast("types.ErasureCertificate", self.send("POST", f"/v1/partners/{path_part(key)}/erase", body=body, headers={"Idempotency-Key": idempotency_key}))

    def erase_contact(self, key: str, body: types.ErasureRequest, *, idempotency_key: str | None = None) -> types.ErasureCertificate:
        """Erase a person of a partner: the contact, what names it, the account with its e-mail address."""
        return cast("types.ErasureCertificate", self.send("POST", f"/v1/contacts/{path_part(key)}/erase", body=body, headers={"Idempotency-Key": idempotency_key}))

    def erase_lead_contact(self, key: str, body: types.LeadErasureRequest, *, idempotency_key: str | None = None) -> types.ErasureCertificate:
        """Erase the person at a lead: attributes named like contact data and those given, and the description."""
        return cast("types.ErasureCertificate", self.send("POST", f"/v1/leads/{path_part(key)}/erase-contact", body=body, headers={"Idempotency-Key": idempotency_key}))

    def erase_user(self, user_id: int, body: types.ErasureRequest, *, idempotency_key: str | None = None) -> types.ErasureCertificate:
        """Erase a person who signs in; the row stays without anything personal, as the trail names its number."""
        return cast("types.ErasureCertificate", self.send("POST", f"/v1/users/{path_part(user_id)}/erase", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_routing_fairness(self, *, since: str | None = None, until: str | None = None, by: str | None = None, limit: int | None = None, **filters: Any) -> types.FairnessAnswer:
        """Compare the shares of leads that groups of partners got with what lots among the eligible would have given."""
        return cast("types.FairnessAnswer", self.send("GET", "/v1/routing/fairness", query={"since": since, "until": until, "by": by, "limit": limit, **filters}))

    def get_lead_standing(self, id: int, **filters: Any) -> types.LeadStandingAnswer:
        """Tell where the partner of an offer stood in the match that it came of, and what of its own would have raised it."""
        return cast("types.LeadStandingAnswer", self.send("GET", f"/v1/assignments/{path_part(id)}/standing", query={**filters}))

    def get_partner_standing(self, key: str, *, since: str | None = None, until: str | None = None, **filters: Any) -> types.PartnerStandingAnswer:
        """Tell how a partner fared in the matches of a period, what kept leads from it, and what would have raised it."""
        return cast("types.PartnerStandingAnswer", self.send("GET", f"/v1/partners/{path_part(key)}/standing", query={"since": since, "until": until, **filters}))

    def list_routes(self, *, state: types.RouteState | None = None, due_until: str | None = None, limit: int | None = None, cursor: str | None = None, **filters: Any) -> types.RouteRowPage:
        """List routed leads in the order in which the leads were recorded."""
        return cast("types.RouteRowPage", self.send("GET", "/v1/routes", query={"state": state, "due_until": due_until, "limit": limit, "cursor": cursor, **filters}))

    def start_route(self, key: str, *, idempotency_key: str | None = None) -> types.RouteRow:
        """Begin to route a lead by the policy of its programme; the first offer follows within moments."""
        return cast("types.RouteRow", self.send("POST", f"/v1/leads/{path_part(key)}/route", headers={"Idempotency-Key": idempotency_key}))

    def get_route(self, key: str, **filters: Any) -> types.Routing:
        """Tell where a lead stands: both clocks, its offers, the override in force, and whom the models put first."""
        return cast("types.Routing", self.send("GET", f"/v1/leads/{path_part(key)}/route", query={**filters}))

    def stop_route(self, key: str) -> types.RouteRow:
        """Stop routing a lead and take a waiting offer back; an accepted one stays. Safe to repeat."""
        return cast("types.RouteRow", self.send("DELETE", f"/v1/leads/{path_part(key)}/route"))

    def pull_back_lead(self, key: str, *, idempotency_key: str | None = None, body: types.PullBack | None | None = None) -> types.RouteRow:
        """Take a waiting or accepted offer back, and go on to the next partner or leave the lead to a person."""
        return cast("types.RouteRow", self.send("POST", f"/v1/leads/{path_part(key)}/route/pull-back", body=body, headers={"Idempotency-Key": idempotency_key}))

    def set_override(self, key: str, body: types.OverrideInput) -> types.OverrideAnswer:
        """Choose the partner to whom the next offer of the lead goes; it replaces an earlier choice."""
        return cast("types.OverrideAnswer", self.send("PUT", f"/v1/leads/{path_part(key)}/override", body=body))

    def end_override(self, key: str) -> types.Routing:
        """End the choice that is in force; the models choose again. Safe to repeat."""
        return cast("types.Routing", self.send("DELETE", f"/v1/leads/{path_part(key)}/override"))

    def get_policies_in_force(self, **filters: Any) -> types.PoliciesInForce:
        """Say which policy decides for the leads of which programme, completed by the defaults."""
        return cast("types.PoliciesInForce", self.send("GET", "/v1/routing/policies", query={**filters}))

    def check_policy(self, body: types.RoutingPolicyGiven) -> types.PolicyChecked:
        """Complete a policy by the defaults, or say what is wrong with it; nothing is stored."""
        return cast("types.PolicyChecked", self.send("POST", "/v1/routing/policies/check", body=body))

    def start_routing_replay(self, body: types.api__routes__replays__ReplayRequest, *, idempotency_key: str | None = None) -> types.Job:
        """Show what policies would have done with past leads, beside what happened, as a job; nothing is activated."""
        return cast("types.Job", self.send("POST", "/v1/routing/replays", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_directory(self, *, limit: int | None = None, name: str | None = None, country: str | None = None, place: str | None = None, kind: str | None = None, language: str | None = None, product: str | None = None, certification: str | None = None, start: int | None = None, **filters: Any) -> types.DirectoryPage:
        """Find partners that want to be found and were published, the best performers first; nobody need be known."""
        return cast("types.DirectoryPage", self.send("GET", "/v1/directory", query={"limit": limit, "name": name, "country": country, "place": place, "kind": kind, "language": language, "product": product, "certification": certification, "start": start, **filters}))

    def list_programs(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, kind: str | None = None, objective: str | None = None, tiers: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ProgramPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ProgramPage", self.send("GET", "/v1/programs", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "kind": kind, "objective": objective, "tiers": tiers, "updated_since": updated_since, **filters}))

    def create_program(self, body: types.ProgramCreate, *, idempotency_key: str | None = None) -> types.Program:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Program", self.send("POST", "/v1/programs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_program(self, key: str, **filters: Any) -> types.Program:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Program", self.send("GET", f"/v1/programs/{path_part(key)}", query={**filters}))

    def delete_program(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/programs/{path_part(key)}", headers={"If-Match": if_match})

    def change_program(self, key: str, body: types.ProgramPatch, *, if_match: str | None = None) -> types.Program:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Program", self.send("PATCH", f"/v1/programs/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_programs(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/programs:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_program_rules(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, program: str | None = None, protection_days: str | None = None, reminder_days: str | None = None, answer_hours: str | None = None, first_contact_hours: str | None = None, auto_approve: str | None = None, qualification_note: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ProgramRulePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ProgramRulePage", self.send("GET", "/v1/program-rules", query={"limit": limit, "cursor": cursor, "sort": sort, "program": program, "protection_days": protection_days, "reminder_days": reminder_days, "answer_hours": answer_hours, "first_contact_hours": first_contact_hours, "auto_approve": auto_approve, "qualification_note": qualification_note, "updated_since": updated_since, **filters}))

    def create_program_rule(self, body: types.ProgramRuleCreate, *, idempotency_key: str | None = None) -> types.ProgramRule:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.ProgramRule", self.send("POST", "/v1/program-rules", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_program_rule(self, key: str, **filters: Any) -> types.ProgramRule:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.ProgramRule", self.send("GET", f"/v1/program-rules/{path_part(key)}", query={**filters}))

    def delete_program_rule(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/program-rules/{path_part(key)}", headers={"If-Match": if_match})

    def change_program_rule(self, key: str, body: types.ProgramRulePatch, *, if_match: str | None = None) -> types.ProgramRule:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.ProgramRule", self.send("PATCH", f"/v1/program-rules/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_program_rules(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/program-rules:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_tiers(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, program: str | None = None, name: str | None = None, position: str | None = None, min_revenue: str | None = None, currency: str | None = None, min_deals: str | None = None, min_certified: str | None = None, required_certifications: str | None = None, benefits: str | None = None, updated_since: str | None = None, **filters: Any) -> types.TierPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.TierPage", self.send("GET", "/v1/tiers", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "program": program, "name": name, "position": position, "min_revenue": min_revenue, "currency": currency, "min_deals": min_deals, "min_certified": min_certified, "required_certifications": required_certifications, "benefits": benefits, "updated_since": updated_since, **filters}))

    def create_tier(self, body: types.TierCreate, *, idempotency_key: str | None = None) -> types.Tier:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Tier", self.send("POST", "/v1/tiers", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_tier(self, key: str, **filters: Any) -> types.Tier:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Tier", self.send("GET", f"/v1/tiers/{path_part(key)}", query={**filters}))

    def delete_tier(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/tiers/{path_part(key)}", headers={"If-Match": if_match})

    def change_tier(self, key: str, body: types.TierPatch, *, if_match: str | None = None) -> types.Tier:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Tier", self.send("PATCH", f"/v1/tiers/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_tiers(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/tiers:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_products(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, category: str | None = None, description: str | None = None, price: str | None = None, currency: str | None = None, required_certifications: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ProductPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ProductPage", self.send("GET", "/v1/products", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "category": category, "description": description, "price": price, "currency": currency, "required_certifications": required_certifications, "updated_since": updated_since, **filters}))

    def create_product(self, body: types.ProductCreate, *, idempotency_key: str | None = None) -> types.Product:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Product", self.send("POST", "/v1/products", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_product(self, key: str, **filters: Any) -> types.Product:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Product", self.send("GET", f"/v1/products/{path_part(key)}", query={**filters}))

    def delete_product(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/products/{path_part(key)}", headers={"If-Match": if_match})

    def change_product(self, key: str, body: types.ProductPatch, *, if_match: str | None = None) -> types.Product:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Product", self.send("PATCH", f"/v1/products/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_products(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/products:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_partners(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, status: str | None = None, program: str | None = None, kind: str | None = None, tier: str | None = None, country: str | None = None, region: str | None = None, city: str | None = None, territories: str | None = None, industries: str | None = None, languages: str | None = None, employees: str | None = None, annual_revenue: str | None = None, founded_on: str | None = None, recruited_at: str | None = None, ended_at: str | None = None, website: str | None = None, description: str | None = None, account_manager: str | None = None, max_open_leads: str | None = None, latitude: str | None = None, longitude: str | None = None, updated_since: str | None = None, **filters: Any) -> types.PartnerPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.PartnerPage", self.send("GET", "/v1/partners", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "status": status, "program": program, "kind": kind, "tier": tier, "country": country, "region": region, "city": city, "territories": territories, "industries": industries, "languages": languages, "employees": employees, "annual_revenue": annual_revenue, "founded_on": founded_on, "recruited_at": recruited_at, "ended_at": ended_at, "website": website, "description": description, "account_manager": account_manager, "max_open_leads": max_open_leads, "latitude": latitude, "longitude": longitude, "updated_since": updated_since, **filters}))

    def create_partner(self, body: types.PartnerCreate, *, idempotency_key: str | None = None) -> types.Partner:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Partner", self.send("POST", "/v1/partners", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_partner(self, key: str, **filters: Any) -> types.Partner:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Partner", self.send("GET", f"/v1/partners/{path_part(key)}", query={**filters}))

    def delete_partner(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/partners/{path_part(key)}", headers={"If-Match": if_match})

    def change_partner(self, key: str, body: types.PartnerPatch, *, if_match: str | None = None) -> types.Partner:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Partner", self.send("PATCH", f"/v1/partners/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_partners(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/partners:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_prospects(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, status: str | None = None, program: str | None = None, kind: str | None = None, tier: str | None = None, country: str | None = None, region: str | None = None, city: str | None = None, territories: str | None = None, industries: str | None = None, languages: str | None = None, employees: str | None = None, annual_revenue: str | None = None, founded_on: str | None = None, recruited_at: str | None = None, ended_at: str | None = None, website: str | None = None, description: str | None = None, account_manager: str | None = None, max_open_leads: str | None = None, latitude: str | None = None, longitude: str | None = None, updated_since: str | None = None, **filters: Any) -> types.PartnerPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.PartnerPage", self.send("GET", "/v1/prospects", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "status": status, "program": program, "kind": kind, "tier": tier, "country": country, "region": region, "city": city, "territories": territories, "industries": industries, "languages": languages, "employees": employees, "annual_revenue": annual_revenue, "founded_on": founded_on, "recruited_at": recruited_at, "ended_at": ended_at, "website": website, "description": description, "account_manager": account_manager, "max_open_leads": max_open_leads, "latitude": latitude, "longitude": longitude, "updated_since": updated_since, **filters}))

    def create_prospect(self, body: types.PartnerCreate, *, idempotency_key: str | None = None) -> types.Partner:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Partner", self.send("POST", "/v1/prospects", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_prospect(self, key: str, **filters: Any) -> types.Partner:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Partner", self.send("GET", f"/v1/prospects/{path_part(key)}", query={**filters}))

    def delete_prospect(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/prospects/{path_part(key)}", headers={"If-Match": if_match})

    def change_prospect(self, key: str, body: types.PartnerPatch, *, if_match: str | None = None) -> types.Partner:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Partner", self.send("PATCH", f"/v1/prospects/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_prospects(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/prospects:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_contacts(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, name: str | None = None, email: str | None = None, phone: str | None = None, role: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ContactPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ContactPage", self.send("GET", "/v1/contacts", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "name": name, "email": email, "phone": phone, "role": role, "updated_since": updated_since, **filters}))

    def create_contact(self, body: types.ContactCreate, *, idempotency_key: str | None = None) -> types.Contact:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Contact", self.send("POST", "/v1/contacts", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_contact(self, key: str, **filters: Any) -> types.Contact:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Contact", self.send("GET", f"/v1/contacts/{path_part(key)}", query={**filters}))

    def delete_contact(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/contacts/{path_part(key)}", headers={"If-Match": if_match})

    def change_contact(self, key: str, body: types.ContactPatch, *, if_match: str | None = None) -> types.Contact:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Contact", self.send("PATCH", f"/v1/contacts/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_contacts(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/contacts:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_agreements(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, status: str | None = None, signed_on: str | None = None, valid_from: str | None = None, valid_to: str | None = None, territories: str | None = None, products: str | None = None, commission_rate: str | None = None, exclusive: str | None = None, updated_since: str | None = None, **filters: Any) -> types.AgreementPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.AgreementPage", self.send("GET", "/v1/agreements", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "status": status, "signed_on": signed_on, "valid_from": valid_from, "valid_to": valid_to, "territories": territories, "products": products, "commission_rate": commission_rate, "exclusive": exclusive, "updated_since": updated_since, **filters}))

    def create_agreement(self, body: types.AgreementCreate, *, idempotency_key: str | None = None) -> types.Agreement:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Agreement", self.send("POST", "/v1/agreements", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_agreement(self, key: str, **filters: Any) -> types.Agreement:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Agreement", self.send("GET", f"/v1/agreements/{path_part(key)}", query={**filters}))

    def delete_agreement(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/agreements/{path_part(key)}", headers={"If-Match": if_match})

    def change_agreement(self, key: str, body: types.AgreementPatch, *, if_match: str | None = None) -> types.Agreement:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Agreement", self.send("PATCH", f"/v1/agreements/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_agreements(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/agreements:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_terms(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, agreement: str | None = None, version: str | None = None, body: str | None = None, agreed_on: str | None = None, agreed_by: str | None = None, notice_days: str | None = None, renews: str | None = None, updated_since: str | None = None, **filters: Any) -> types.TermPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.TermPage", self.send("GET", "/v1/terms", query={"limit": limit, "cursor": cursor, "sort": sort, "agreement": agreement, "version": version, "body": body, "agreed_on": agreed_on, "agreed_by": agreed_by, "notice_days": notice_days, "renews": renews, "updated_since": updated_since, **filters}))

    def create_term(self, body: types.TermCreate, *, idempotency_key: str | None = None) -> types.Term:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Term", self.send("POST", "/v1/terms", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_term(self, key: str, **filters: Any) -> types.Term:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Term", self.send("GET", f"/v1/terms/{path_part(key)}", query={**filters}))

    def delete_term(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/terms/{path_part(key)}", headers={"If-Match": if_match})

    def change_term(self, key: str, body: types.TermPatch, *, if_match: str | None = None) -> types.Term:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Term", self.send("PATCH", f"/v1/terms/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_terms(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/terms:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_certifications(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, course: str | None = None, passed_on: str | None = None, expires_on: str | None = None, contact: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CertificationPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CertificationPage", self.send("GET", "/v1/certifications", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "course": course, "passed_on": passed_on, "expires_on": expires_on, "contact": contact, "updated_since": updated_since, **filters}))

    def create_certification(self, body: types.CertificationCreate, *, idempotency_key: str | None = None) -> types.Certification:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Certification", self.send("POST", "/v1/certifications", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_certification(self, key: str, **filters: Any) -> types.Certification:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Certification", self.send("GET", f"/v1/certifications/{path_part(key)}", query={**filters}))

    def delete_certification(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/certifications/{path_part(key)}", headers={"If-Match": if_match})

    def change_certification(self, key: str, body: types.CertificationPatch, *, if_match: str | None = None) -> types.Certification:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Certification", self.send("PATCH", f"/v1/certifications/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_certifications(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/certifications:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_courses(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, description: str | None = None, products: str | None = None, validity_days: str | None = None, hours: str | None = None, website: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CoursePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CoursePage", self.send("GET", "/v1/courses", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "description": description, "products": products, "validity_days": validity_days, "hours": hours, "website": website, "updated_since": updated_since, **filters}))

    def create_course(self, body: types.CourseCreate, *, idempotency_key: str | None = None) -> types.Course:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Course", self.send("POST", "/v1/courses", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_course(self, key: str, **filters: Any) -> types.Course:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Course", self.send("GET", f"/v1/courses/{path_part(key)}", query={**filters}))

    def delete_course(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/courses/{path_part(key)}", headers={"If-Match": if_match})

    def change_course(self, key: str, body: types.CoursePatch, *, if_match: str | None = None) -> types.Course:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Course", self.send("PATCH", f"/v1/courses/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_courses(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/courses:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_enrolments(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, course: str | None = None, contact: str | None = None, enrolled_at: str | None = None, due_on: str | None = None, completed_at: str | None = None, score: str | None = None, passed: str | None = None, updated_since: str | None = None, **filters: Any) -> types.EnrolmentPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.EnrolmentPage", self.send("GET", "/v1/enrolments", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "course": course, "contact": contact, "enrolled_at": enrolled_at, "due_on": due_on, "completed_at": completed_at, "score": score, "passed": passed, "updated_since": updated_since, **filters}))

    def create_enrolment(self, body: types.EnrolmentCreate, *, idempotency_key: str | None = None) -> types.Enrolment:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Enrolment", self.send("POST", "/v1/enrolments", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_enrolment(self, key: str, **filters: Any) -> types.Enrolment:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Enrolment", self.send("GET", f"/v1/enrolments/{path_part(key)}", query={**filters}))

    def delete_enrolment(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/enrolments/{path_part(key)}", headers={"If-Match": if_match})

    def change_enrolment(self, key: str, body: types.EnrolmentPatch, *, if_match: str | None = None) -> types.Enrolment:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Enrolment", self.send("PATCH", f"/v1/enrolments/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_enrolments(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/enrolments:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_criteria(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, program: str | None = None, name: str | None = None, kind: str | None = None, weight: str | None = None, minimum: str | None = None, must_have: str | None = None, description: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CriterionPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CriterionPage", self.send("GET", "/v1/criteria", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "program": program, "name": name, "kind": kind, "weight": weight, "minimum": minimum, "must_have": must_have, "description": description, "updated_since": updated_since, **filters}))

    def create_criterion(self, body: types.CriterionCreate, *, idempotency_key: str | None = None) -> types.Criterion:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Criterion", self.send("POST", "/v1/criteria", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_criterion(self, key: str, **filters: Any) -> types.Criterion:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Criterion", self.send("GET", f"/v1/criteria/{path_part(key)}", query={**filters}))

    def delete_criterion(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/criteria/{path_part(key)}", headers={"If-Match": if_match})

    def change_criterion(self, key: str, body: types.CriterionPatch, *, if_match: str | None = None) -> types.Criterion:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Criterion", self.send("PATCH", f"/v1/criteria/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_criteria(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/criteria:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_ratings(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, criterion: str | None = None, rated_at: str | None = None, score: str | None = None, comment: str | None = None, rated_by: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RatingPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RatingPage", self.send("GET", "/v1/ratings", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "criterion": criterion, "rated_at": rated_at, "score": score, "comment": comment, "rated_by": rated_by, "updated_since": updated_since, **filters}))

    def create_rating(self, body: types.RatingCreate, *, idempotency_key: str | None = None) -> types.Rating:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Rating", self.send("POST", "/v1/ratings", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_rating(self, key: str, **filters: Any) -> types.Rating:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Rating", self.send("GET", f"/v1/ratings/{path_part(key)}", query={**filters}))

    def delete_rating(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/ratings/{path_part(key)}", headers={"If-Match": if_match})

    def change_rating(self, key: str, body: types.RatingPatch, *, if_match: str | None = None) -> types.Rating:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Rating", self.send("PATCH", f"/v1/ratings/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_ratings(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/ratings:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_stage_changes(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, changed_at: str | None = None, from_status: str | None = None, to_status: str | None = None, reason: str | None = None, changed_by: str | None = None, overridden: str | None = None, updated_since: str | None = None, **filters: Any) -> types.StageChangePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.StageChangePage", self.send("GET", "/v1/stage-changes", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "changed_at": changed_at, "from_status": from_status, "to_status": to_status, "reason": reason, "changed_by": changed_by, "overridden": overridden, "updated_since": updated_since, **filters}))

    def get_stage_change(self, key: str, **filters: Any) -> types.StageChange:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.StageChange", self.send("GET", f"/v1/stage-changes/{path_part(key)}", query={**filters}))

    def list_onboarding_steps(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, program: str | None = None, title: str | None = None, description: str | None = None, position: str | None = None, due_days: str | None = None, required: str | None = None, course: str | None = None, updated_since: str | None = None, **filters: Any) -> types.OnboardingStepPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.OnboardingStepPage", self.send("GET", "/v1/onboarding-steps", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "program": program, "title": title, "description": description, "position": position, "due_days": due_days, "required": required, "course": course, "updated_since": updated_since, **filters}))

    def create_onboarding_step(self, body: types.OnboardingStepCreate, *, idempotency_key: str | None = None) -> types.OnboardingStep:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.OnboardingStep", self.send("POST", "/v1/onboarding-steps", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_onboarding_step(self, key: str, **filters: Any) -> types.OnboardingStep:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.OnboardingStep", self.send("GET", f"/v1/onboarding-steps/{path_part(key)}", query={**filters}))

    def delete_onboarding_step(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/onboarding-steps/{path_part(key)}", headers={"If-Match": if_match})

    def change_onboarding_step(self, key: str, body: types.OnboardingStepPatch, *, if_match: str | None = None) -> types.OnboardingStep:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.OnboardingStep", self.send("PATCH", f"/v1/onboarding-steps/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_onboarding_steps(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/onboarding-steps:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_tasks(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, step: str | None = None, title: str | None = None, description: str | None = None, owner: str | None = None, due_on: str | None = None, done_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.TaskPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.TaskPage", self.send("GET", "/v1/tasks", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "step": step, "title": title, "description": description, "owner": owner, "due_on": due_on, "done_at": done_at, "updated_since": updated_since, **filters}))

    def create_task(self, body: types.TaskCreate, *, idempotency_key: str | None = None) -> types.Task:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Task", self.send("POST", "/v1/tasks", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_task(self, key: str, **filters: Any) -> types.Task:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Task", self.send("GET", f"/v1/tasks/{path_part(key)}", query={**filters}))

    def delete_task(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/tasks/{path_part(key)}", headers={"If-Match": if_match})

    def change_task(self, key: str, body: types.TaskPatch, *, if_match: str | None = None) -> types.Task:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Task", self.send("PATCH", f"/v1/tasks/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_tasks(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/tasks:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_leads(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, created_at: str | None = None, company: str | None = None, domain: str | None = None, country: str | None = None, region: str | None = None, city: str | None = None, industry: str | None = None, employees: str | None = None, source: str | None = None, product: str | None = None, estimated_amount: str | None = None, currency: str | None = None, description: str | None = None, program: str | None = None, latitude: str | None = None, longitude: str | None = None, updated_since: str | None = None, **filters: Any) -> types.LeadPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.LeadPage", self.send("GET", "/v1/leads", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "created_at": created_at, "company": company, "domain": domain, "country": country, "region": region, "city": city, "industry": industry, "employees": employees, "source": source, "product": product, "estimated_amount": estimated_amount, "currency": currency, "description": description, "program": program, "latitude": latitude, "longitude": longitude, "updated_since": updated_since, **filters}))

    def create_lead(self, body: types.LeadCreate, *, idempotency_key: str | None = None) -> types.Lead:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Lead", self.send("POST", "/v1/leads", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_lead(self, key: str, **filters: Any) -> types.Lead:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Lead", self.send("GET", f"/v1/leads/{path_part(key)}", query={**filters}))

    def delete_lead(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/leads/{path_part(key)}", headers={"If-Match": if_match})

    def change_lead(self, key: str, body: types.LeadPatch, *, if_match: str | None = None) -> types.Lead:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Lead", self.send("PATCH", f"/v1/leads/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_leads(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/leads:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_assignment(self, key: str, **filters: Any) -> types.Assignment:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Assignment", self.send("GET", f"/v1/assignments/{path_part(key)}", query={**filters}))

    def delete_assignment(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/assignments/{path_part(key)}", headers={"If-Match": if_match})

    def change_assignment(self, key: str, body: types.AssignmentPatch, *, if_match: str | None = None) -> types.Assignment:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Assignment", self.send("PATCH", f"/v1/assignments/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_assignments(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/assignments:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_deals(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, registered_at: str | None = None, lead: str | None = None, company: str | None = None, domain: str | None = None, country: str | None = None, region: str | None = None, industry: str | None = None, product: str | None = None, status: str | None = None, stage: str | None = None, outcome: str | None = None, amount: str | None = None, currency: str | None = None, closed_at: str | None = None, description: str | None = None, updated_since: str | None = None, **filters: Any) -> types.DealPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.DealPage", self.send("GET", "/v1/deals", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "registered_at": registered_at, "lead": lead, "company": company, "domain": domain, "country": country, "region": region, "industry": industry, "product": product, "status": status, "stage": stage, "outcome": outcome, "amount": amount, "currency": currency, "closed_at": closed_at, "description": description, "updated_since": updated_since, **filters}))

    def create_deal(self, body: types.DealCreate, *, idempotency_key: str | None = None) -> types.Deal:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Deal", self.send("POST", "/v1/deals", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_deal(self, key: str, **filters: Any) -> types.Deal:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Deal", self.send("GET", f"/v1/deals/{path_part(key)}", query={**filters}))

    def delete_deal(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/deals/{path_part(key)}", headers={"If-Match": if_match})

    def change_deal(self, key: str, body: types.DealPatch, *, if_match: str | None = None) -> types.Deal:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Deal", self.send("PATCH", f"/v1/deals/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_deals(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/deals:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_registration(self, key: str, **filters: Any) -> types.Registration:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Registration", self.send("GET", f"/v1/registrations/{path_part(key)}", query={**filters}))

    def list_activities(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, occurred_at: str | None = None, kind: str | None = None, asset: str | None = None, offer: str | None = None, deal: str | None = None, contact: str | None = None, quantity: str | None = None, amount: str | None = None, recorded_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ActivityPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ActivityPage", self.send("GET", "/v1/activities", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "occurred_at": occurred_at, "kind": kind, "asset": asset, "offer": offer, "deal": deal, "contact": contact, "quantity": quantity, "amount": amount, "recorded_at": recorded_at, "updated_since": updated_since, **filters}))

    def create_activity(self, body: types.ActivityCreate, *, idempotency_key: str | None = None) -> types.Activity:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Activity", self.send("POST", "/v1/activities", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_activity(self, key: str, **filters: Any) -> types.Activity:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Activity", self.send("GET", f"/v1/activities/{path_part(key)}", query={**filters}))

    def delete_activity(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/activities/{path_part(key)}", headers={"If-Match": if_match})

    def upsert_activities(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/activities:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_assets(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, title: str | None = None, kind: str | None = None, body: str | None = None, language: str | None = None, topics: str | None = None, products: str | None = None, countries: str | None = None, min_tier: str | None = None, published_at: str | None = None, expires_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.AssetPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.AssetPage", self.send("GET", "/v1/assets", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "title": title, "kind": kind, "body": body, "language": language, "topics": topics, "products": products, "countries": countries, "min_tier": min_tier, "published_at": published_at, "expires_at": expires_at, "updated_since": updated_since, **filters}))

    def create_asset(self, body: types.AssetCreate, *, idempotency_key: str | None = None) -> types.Asset:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Asset", self.send("POST", "/v1/assets", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_asset(self, key: str, **filters: Any) -> types.Asset:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Asset", self.send("GET", f"/v1/assets/{path_part(key)}", query={**filters}))

    def delete_asset(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/assets/{path_part(key)}", headers={"If-Match": if_match})

    def change_asset(self, key: str, body: types.AssetPatch, *, if_match: str | None = None) -> types.Asset:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Asset", self.send("PATCH", f"/v1/assets/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_assets(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/assets:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_offers(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, title: str | None = None, kind: str | None = None, body: str | None = None, valid_from: str | None = None, valid_to: str | None = None, countries: str | None = None, products: str | None = None, min_tier: str | None = None, amount: str | None = None, currency: str | None = None, budget: str | None = None, updated_since: str | None = None, **filters: Any) -> types.OfferPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.OfferPage", self.send("GET", "/v1/offers", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "title": title, "kind": kind, "body": body, "valid_from": valid_from, "valid_to": valid_to, "countries": countries, "products": products, "min_tier": min_tier, "amount": amount, "currency": currency, "budget": budget, "updated_since": updated_since, **filters}))

    def create_offer(self, body: types.OfferCreate, *, idempotency_key: str | None = None) -> types.OfferOutput:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.OfferOutput", self.send("POST", "/v1/offers", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_offer(self, key: str, **filters: Any) -> types.OfferOutput:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.OfferOutput", self.send("GET", f"/v1/offers/{path_part(key)}", query={**filters}))

    def delete_offer(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/offers/{path_part(key)}", headers={"If-Match": if_match})

    def change_offer(self, key: str, body: types.OfferPatch, *, if_match: str | None = None) -> types.OfferOutput:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.OfferOutput", self.send("PATCH", f"/v1/offers/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_offers(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/offers:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_feedback(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, submitted_at: str | None = None, kind: str | None = None, score: str | None = None, comment: str | None = None, updated_since: str | None = None, **filters: Any) -> types.FeedbackEntryPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.FeedbackEntryPage", self.send("GET", "/v1/feedback", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "submitted_at": submitted_at, "kind": kind, "score": score, "comment": comment, "updated_since": updated_since, **filters}))

    def create_feedback_entry(self, body: types.FeedbackEntryCreate, *, idempotency_key: str | None = None) -> types.FeedbackEntry:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.FeedbackEntry", self.send("POST", "/v1/feedback", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_feedback_entry(self, key: str, **filters: Any) -> types.FeedbackEntry:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.FeedbackEntry", self.send("GET", f"/v1/feedback/{path_part(key)}", query={**filters}))

    def delete_feedback_entry(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/feedback/{path_part(key)}", headers={"If-Match": if_match})

    def change_feedback_entry(self, key: str, body: types.FeedbackEntryPatch, *, if_match: str | None = None) -> types.FeedbackEntry:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.FeedbackEntry", self.send("PATCH", f"/v1/feedback/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_feedback(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/feedback:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_surveys(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, title: str | None = None, kind: str | None = None, question: str | None = None, program: str | None = None, valid_from: str | None = None, valid_to: str | None = None, updated_since: str | None = None, **filters: Any) -> types.SurveyPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.SurveyPage", self.send("GET", "/v1/surveys", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "title": title, "kind": kind, "question": question, "program": program, "valid_from": valid_from, "valid_to": valid_to, "updated_since": updated_since, **filters}))

    def create_survey(self, body: types.SurveyCreate, *, idempotency_key: str | None = None) -> types.Survey:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Survey", self.send("POST", "/v1/surveys", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_survey(self, key: str, **filters: Any) -> types.Survey:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Survey", self.send("GET", f"/v1/surveys/{path_part(key)}", query={**filters}))

    def delete_survey(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/surveys/{path_part(key)}", headers={"If-Match": if_match})

    def change_survey(self, key: str, body: types.SurveyPatch, *, if_match: str | None = None) -> types.Survey:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Survey", self.send("PATCH", f"/v1/surveys/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_surveys(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/surveys:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_goals(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, metric: str | None = None, period_start: str | None = None, period_end: str | None = None, target: str | None = None, updated_since: str | None = None, **filters: Any) -> types.GoalPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.GoalPage", self.send("GET", "/v1/goals", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "metric": metric, "period_start": period_start, "period_end": period_end, "target": target, "updated_since": updated_since, **filters}))

    def create_goal(self, body: types.GoalCreate, *, idempotency_key: str | None = None) -> types.Goal:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Goal", self.send("POST", "/v1/goals", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_goal(self, key: str, **filters: Any) -> types.Goal:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Goal", self.send("GET", f"/v1/goals/{path_part(key)}", query={**filters}))

    def delete_goal(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/goals/{path_part(key)}", headers={"If-Match": if_match})

    def change_goal(self, key: str, body: types.GoalPatch, *, if_match: str | None = None) -> types.Goal:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Goal", self.send("PATCH", f"/v1/goals/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_goals(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/goals:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_plans(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, title: str | None = None, objective: str | None = None, status: str | None = None, period_start: str | None = None, period_end: str | None = None, owner: str | None = None, updated_since: str | None = None, **filters: Any) -> types.PlanPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.PlanPage", self.send("GET", "/v1/plans", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "title": title, "objective": objective, "status": status, "period_start": period_start, "period_end": period_end, "owner": owner, "updated_since": updated_since, **filters}))

    def create_plan(self, body: types.PlanCreate, *, idempotency_key: str | None = None) -> types.Plan:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Plan", self.send("POST", "/v1/plans", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_plan(self, key: str, **filters: Any) -> types.Plan:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Plan", self.send("GET", f"/v1/plans/{path_part(key)}", query={**filters}))

    def delete_plan(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/plans/{path_part(key)}", headers={"If-Match": if_match})

    def change_plan(self, key: str, body: types.PlanPatch, *, if_match: str | None = None) -> types.Plan:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Plan", self.send("PATCH", f"/v1/plans/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_plans(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/plans:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_notes(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, lead: str | None = None, deal: str | None = None, kind: str | None = None, body: str | None = None, author: str | None = None, written_at: str | None = None, shared: str | None = None, updated_since: str | None = None, **filters: Any) -> types.NotePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.NotePage", self.send("GET", "/v1/notes", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "lead": lead, "deal": deal, "kind": kind, "body": body, "author": author, "written_at": written_at, "shared": shared, "updated_since": updated_since, **filters}))

    def create_note(self, body: types.NoteCreate, *, idempotency_key: str | None = None) -> types.Note:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Note", self.send("POST", "/v1/notes", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_note(self, key: str, **filters: Any) -> types.Note:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Note", self.send("GET", f"/v1/notes/{path_part(key)}", query={**filters}))

    def delete_note(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/notes/{path_part(key)}", headers={"If-Match": if_match})

    def change_note(self, key: str, body: types.NotePatch, *, if_match: str | None = None) -> types.Note:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Note", self.send("PATCH", f"/v1/notes/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_notes(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/notes:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_commission_plans(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, program: str | None = None, base: str | None = None, rate: str | None = None, marginal: str | None = None, products: str | None = None, tiers: str | None = None, priority: str | None = None, volume_days: str | None = None, valid_from: str | None = None, valid_to: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CommissionPlanPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CommissionPlanPage", self.send("GET", "/v1/commission-plans", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "program": program, "base": base, "rate": rate, "marginal": marginal, "products": products, "tiers": tiers, "priority": priority, "volume_days": volume_days, "valid_from": valid_from, "valid_to": valid_to, "updated_since": updated_since, **filters}))

    def create_commission_plan(self, body: types.CommissionPlanCreate, *, idempotency_key: str | None = None) -> types.CommissionPlan:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.CommissionPlan", self.send("POST", "/v1/commission-plans", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_commission_plan(self, key: str, **filters: Any) -> types.CommissionPlan:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.CommissionPlan", self.send("GET", f"/v1/commission-plans/{path_part(key)}", query={**filters}))

    def delete_commission_plan(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/commission-plans/{path_part(key)}", headers={"If-Match": if_match})

    def change_commission_plan(self, key: str, body: types.CommissionPlanPatch, *, if_match: str | None = None) -> types.CommissionPlan:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.CommissionPlan", self.send("PATCH", f"/v1/commission-plans/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_commission_plans(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/commission-plans:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_commission_bands(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, plan: str | None = None, from_amount: str | None = None, rate: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CommissionBandPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CommissionBandPage", self.send("GET", "/v1/commission-bands", query={"limit": limit, "cursor": cursor, "sort": sort, "plan": plan, "from_amount": from_amount, "rate": rate, "updated_since": updated_since, **filters}))

    def create_commission_band(self, body: types.CommissionBandCreate, *, idempotency_key: str | None = None) -> types.CommissionBand:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.CommissionBand", self.send("POST", "/v1/commission-bands", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_commission_band(self, key: str, **filters: Any) -> types.CommissionBand:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.CommissionBand", self.send("GET", f"/v1/commission-bands/{path_part(key)}", query={**filters}))

    def delete_commission_band(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/commission-bands/{path_part(key)}", headers={"If-Match": if_match})

    def change_commission_band(self, key: str, body: types.CommissionBandPatch, *, if_match: str | None = None) -> types.CommissionBand:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.CommissionBand", self.send("PATCH", f"/v1/commission-bands/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_commission_bands(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/commission-bands:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_commission_shares(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, deal: str | None = None, partner: str | None = None, share: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CommissionSharePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CommissionSharePage", self.send("GET", "/v1/commission-shares", query={"limit": limit, "cursor": cursor, "sort": sort, "deal": deal, "partner": partner, "share": share, "updated_since": updated_since, **filters}))

    def create_commission_share(self, body: types.CommissionShareCreate, *, idempotency_key: str | None = None) -> types.CommissionShare:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.CommissionShare", self.send("POST", "/v1/commission-shares", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_commission_share(self, key: str, **filters: Any) -> types.CommissionShare:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.CommissionShare", self.send("GET", f"/v1/commission-shares/{path_part(key)}", query={**filters}))

    def delete_commission_share(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/commission-shares/{path_part(key)}", headers={"If-Match": if_match})

    def change_commission_share(self, key: str, body: types.CommissionSharePatch, *, if_match: str | None = None) -> types.CommissionShare:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.CommissionShare", self.send("PATCH", f"/v1/commission-shares/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_commission_shares(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/commission-shares:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_incentives(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, kind: str | None = None, program: str | None = None, products: str | None = None, amount: str | None = None, currency: str | None = None, rate: str | None = None, within_days: str | None = None, valid_from: str | None = None, valid_to: str | None = None, description: str | None = None, updated_since: str | None = None, **filters: Any) -> types.IncentivePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.IncentivePage", self.send("GET", "/v1/incentives", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "kind": kind, "program": program, "products": products, "amount": amount, "currency": currency, "rate": rate, "within_days": within_days, "valid_from": valid_from, "valid_to": valid_to, "description": description, "updated_since": updated_since, **filters}))

    def create_incentive(self, body: types.IncentiveCreate, *, idempotency_key: str | None = None) -> types.Incentive:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Incentive", self.send("POST", "/v1/incentives", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_incentive(self, key: str, **filters: Any) -> types.Incentive:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Incentive", self.send("GET", f"/v1/incentives/{path_part(key)}", query={**filters}))

    def delete_incentive(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/incentives/{path_part(key)}", headers={"If-Match": if_match})

    def change_incentive(self, key: str, body: types.IncentivePatch, *, if_match: str | None = None) -> types.Incentive:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Incentive", self.send("PATCH", f"/v1/incentives/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_incentives(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/incentives:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_ledger_entry(self, key: str, **filters: Any) -> types.LedgerEntry:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.LedgerEntry", self.send("GET", f"/v1/ledger/{path_part(key)}", query={**filters}))

    def get_statement(self, key: str, **filters: Any) -> types.Statement:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Statement", self.send("GET", f"/v1/statements/{path_part(key)}", query={**filters}))

    def list_fund_requests(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, offer: str | None = None, purpose: str | None = None, amount: str | None = None, currency: str | None = None, status: str | None = None, requested_at: str | None = None, approved_amount: str | None = None, claimed_amount: str | None = None, decided_by: str | None = None, decided_at: str | None = None, claimed_at: str | None = None, paid_at: str | None = None, evidence: str | None = None, reason: str | None = None, updated_since: str | None = None, **filters: Any) -> types.FundRequestPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.FundRequestPage", self.send("GET", "/v1/fund-requests", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "offer": offer, "purpose": purpose, "amount": amount, "currency": currency, "status": status, "requested_at": requested_at, "approved_amount": approved_amount, "claimed_amount": claimed_amount, "decided_by": decided_by, "decided_at": decided_at, "claimed_at": claimed_at, "paid_at": paid_at, "evidence": evidence, "reason": reason, "updated_since": updated_since, **filters}))

    def create_fund_request(self, body: types.FundRequestCreate, *, idempotency_key: str | None = None) -> types.FundRequest:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.FundRequest", self.send("POST", "/v1/fund-requests", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_fund_request(self, key: str, **filters: Any) -> types.FundRequest:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.FundRequest", self.send("GET", f"/v1/fund-requests/{path_part(key)}", query={**filters}))

    def delete_fund_request(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/fund-requests/{path_part(key)}", headers={"If-Match": if_match})

    def change_fund_request(self, key: str, body: types.FundRequestPatch, *, if_match: str | None = None) -> types.FundRequest:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.FundRequest", self.send("PATCH", f"/v1/fund-requests/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_fund_requests(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/fund-requests:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_tier_review(self, key: str, **filters: Any) -> types.TierReview:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.TierReview", self.send("GET", f"/v1/tier-reviews/{path_part(key)}", query={**filters}))

    def list_costs(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, program: str | None = None, kind: str | None = None, amount: str | None = None, currency: str | None = None, incurred_on: str | None = None, description: str | None = None, updated_since: str | None = None, **filters: Any) -> types.CostPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.CostPage", self.send("GET", "/v1/costs", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "program": program, "kind": kind, "amount": amount, "currency": currency, "incurred_on": incurred_on, "description": description, "updated_since": updated_since, **filters}))

    def create_cost(self, body: types.CostCreate, *, idempotency_key: str | None = None) -> types.Cost:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Cost", self.send("POST", "/v1/costs", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_cost(self, key: str, **filters: Any) -> types.Cost:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Cost", self.send("GET", f"/v1/costs/{path_part(key)}", query={**filters}))

    def delete_cost(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/costs/{path_part(key)}", headers={"If-Match": if_match})

    def change_cost(self, key: str, body: types.CostPatch, *, if_match: str | None = None) -> types.Cost:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Cost", self.send("PATCH", f"/v1/costs/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_costs(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/costs:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_routing_policies(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, name: str | None = None, program: str | None = None, active: str | None = None, automatic: str | None = None, shadow_prices: str | None = None, objective: str | None = None, margin: str | None = None, exploration: str | None = None, explored_share: str | None = None, explored_within: str | None = None, max_hops: str | None = None, answer_hours: str | None = None, first_contact_hours: str | None = None, remind_hours: str | None = None, cool_down_days: str | None = None, newcomer_days: str | None = None, working_days: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RoutingPoliciePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RoutingPoliciePage", self.send("GET", "/v1/routing-policies", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "name": name, "program": program, "active": active, "automatic": automatic, "shadow_prices": shadow_prices, "objective": objective, "margin": margin, "exploration": exploration, "explored_share": explored_share, "explored_within": explored_within, "max_hops": max_hops, "answer_hours": answer_hours, "first_contact_hours": first_contact_hours, "remind_hours": remind_hours, "cool_down_days": cool_down_days, "newcomer_days": newcomer_days, "working_days": working_days, "updated_since": updated_since, **filters}))

    def create_routing_policy(self, body: types.RoutingPolicieCreate, *, idempotency_key: str | None = None) -> types.RoutingPolicie:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.RoutingPolicie", self.send("POST", "/v1/routing-policies", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_routing_policy(self, key: str, **filters: Any) -> types.RoutingPolicie:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.RoutingPolicie", self.send("GET", f"/v1/routing-policies/{path_part(key)}", query={**filters}))

    def delete_routing_policy(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/routing-policies/{path_part(key)}", headers={"If-Match": if_match})

    def change_routing_policy(self, key: str, body: types.RoutingPoliciePatch, *, if_match: str | None = None) -> types.RoutingPolicie:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.RoutingPolicie", self.send("PATCH", f"/v1/routing-policies/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_routing_policies(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/routing-policies:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_routing_rules(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, policy: str | None = None, rule: str | None = None, enforced: str | None = None, number: str | None = None, names: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RoutingRulePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RoutingRulePage", self.send("GET", "/v1/routing-rules", query={"limit": limit, "cursor": cursor, "sort": sort, "policy": policy, "rule": rule, "enforced": enforced, "number": number, "names": names, "updated_since": updated_since, **filters}))

    def create_routing_rule(self, body: types.RoutingRuleCreate, *, idempotency_key: str | None = None) -> types.RoutingRule:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.RoutingRule", self.send("POST", "/v1/routing-rules", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_routing_rule(self, key: str, **filters: Any) -> types.RoutingRule:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.RoutingRule", self.send("GET", f"/v1/routing-rules/{path_part(key)}", query={**filters}))

    def delete_routing_rule(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/routing-rules/{path_part(key)}", headers={"If-Match": if_match})

    def change_routing_rule(self, key: str, body: types.RoutingRulePatch, *, if_match: str | None = None) -> types.RoutingRule:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.RoutingRule", self.send("PATCH", f"/v1/routing-rules/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_routing_rules(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/routing-rules:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_routing_limits(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, policy: str | None = None, by: str | None = None, value: str | None = None, least: str | None = None, most: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RoutingLimitPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RoutingLimitPage", self.send("GET", "/v1/routing-limits", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "policy": policy, "by": by, "value": value, "least": least, "most": most, "updated_since": updated_since, **filters}))

    def create_routing_limit(self, body: types.RoutingLimitCreate, *, idempotency_key: str | None = None) -> types.RoutingLimit:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.RoutingLimit", self.send("POST", "/v1/routing-limits", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_routing_limit(self, key: str, **filters: Any) -> types.RoutingLimit:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.RoutingLimit", self.send("GET", f"/v1/routing-limits/{path_part(key)}", query={**filters}))

    def delete_routing_limit(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/routing-limits/{path_part(key)}", headers={"If-Match": if_match})

    def change_routing_limit(self, key: str, body: types.RoutingLimitPatch, *, if_match: str | None = None) -> types.RoutingLimit:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.RoutingLimit", self.send("PATCH", f"/v1/routing-limits/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_routing_limits(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/routing-limits:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_routing_overrides(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, lead: str | None = None, partner: str | None = None, reason: str | None = None, set_by: str | None = None, set_at: str | None = None, expires_at: str | None = None, ended_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.RoutingOverridePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.RoutingOverridePage", self.send("GET", "/v1/routing-overrides", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "lead": lead, "partner": partner, "reason": reason, "set_by": set_by, "set_at": set_at, "expires_at": expires_at, "ended_at": ended_at, "updated_since": updated_since, **filters}))

    def create_routing_override(self, body: types.RoutingOverrideCreate, *, idempotency_key: str | None = None) -> types.RoutingOverride:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.RoutingOverride", self.send("POST", "/v1/routing-overrides", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_routing_override(self, key: str, **filters: Any) -> types.RoutingOverride:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.RoutingOverride", self.send("GET", f"/v1/routing-overrides/{path_part(key)}", query={**filters}))

    def delete_routing_override(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/routing-overrides/{path_part(key)}", headers={"If-Match": if_match})

    def change_routing_override(self, key: str, body: types.RoutingOverridePatch, *, if_match: str | None = None) -> types.RoutingOverride:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.RoutingOverride", self.send("PATCH", f"/v1/routing-overrides/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_routing_overrides(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/routing-overrides:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_absences(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, since: str | None = None, until: str | None = None, reason: str | None = None, updated_since: str | None = None, **filters: Any) -> types.AbsencePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.AbsencePage", self.send("GET", "/v1/absences", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "since": since, "until": until, "reason": reason, "updated_since": updated_since, **filters}))

    def create_absence(self, body: types.AbsenceCreate, *, idempotency_key: str | None = None) -> types.Absence:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Absence", self.send("POST", "/v1/absences", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_absence(self, key: str, **filters: Any) -> types.Absence:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Absence", self.send("GET", f"/v1/absences/{path_part(key)}", query={**filters}))

    def delete_absence(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/absences/{path_part(key)}", headers={"If-Match": if_match})

    def change_absence(self, key: str, body: types.AbsencePatch, *, if_match: str | None = None) -> types.Absence:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Absence", self.send("PATCH", f"/v1/absences/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_absences(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/absences:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_shortlist_entries(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, shortlist: str | None = None, partner: str | None = None, note: str | None = None, added_by: str | None = None, added_at: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ShortlistEntriePage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ShortlistEntriePage", self.send("GET", "/v1/shortlist-entries", query={"limit": limit, "cursor": cursor, "sort": sort, "shortlist": shortlist, "partner": partner, "note": note, "added_by": added_by, "added_at": added_at, "updated_since": updated_since, **filters}))

    def create_shortlist_entry(self, body: types.ShortlistEntrieCreate, *, idempotency_key: str | None = None) -> types.ShortlistEntrie:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.ShortlistEntrie", self.send("POST", "/v1/shortlist-entries", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_shortlist_entry(self, key: str, **filters: Any) -> types.ShortlistEntrie:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.ShortlistEntrie", self.send("GET", f"/v1/shortlist-entries/{path_part(key)}", query={**filters}))

    def delete_shortlist_entry(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/shortlist-entries/{path_part(key)}", headers={"If-Match": if_match})

    def change_shortlist_entry(self, key: str, body: types.ShortlistEntriePatch, *, if_match: str | None = None) -> types.ShortlistEntrie:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.ShortlistEntrie", self.send("PATCH", f"/v1/shortlist-entries/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_shortlist_entries(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/shortlist-entries:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_interventions(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, external_id: str | None = None, partner: str | None = None, kind: str | None = None, title: str | None = None, description: str | None = None, owner: str | None = None, due_on: str | None = None, planned_at: str | None = None, done_at: str | None = None, p_inactive_before: str | None = None, updated_since: str | None = None, **filters: Any) -> types.InterventionPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.InterventionPage", self.send("GET", "/v1/interventions", query={"limit": limit, "cursor": cursor, "sort": sort, "external_id": external_id, "partner": partner, "kind": kind, "title": title, "description": description, "owner": owner, "due_on": due_on, "planned_at": planned_at, "done_at": done_at, "p_inactive_before": p_inactive_before, "updated_since": updated_since, **filters}))

    def create_intervention(self, body: types.InterventionCreate, *, idempotency_key: str | None = None) -> types.Intervention:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Intervention", self.send("POST", "/v1/interventions", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_intervention(self, key: str, **filters: Any) -> types.Intervention:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Intervention", self.send("GET", f"/v1/interventions/{path_part(key)}", query={**filters}))

    def delete_intervention(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/interventions/{path_part(key)}", headers={"If-Match": if_match})

    def change_intervention(self, key: str, body: types.InterventionPatch, *, if_match: str | None = None) -> types.Intervention:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Intervention", self.send("PATCH", f"/v1/interventions/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_interventions(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/interventions:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def list_listings(self, *, limit: int | None = None, cursor: str | None = None, sort: str | None = None, partner: str | None = None, wanted: str | None = None, published: str | None = None, headline: str | None = None, description: str | None = None, website: str | None = None, phone: str | None = None, email: str | None = None, languages: str | None = None, products: str | None = None, updated_since: str | None = None, **filters: Any) -> types.ListingPage:
        """List rows page by page. Stable while rows are added."""
        return cast("types.ListingPage", self.send("GET", "/v1/listings", query={"limit": limit, "cursor": cursor, "sort": sort, "partner": partner, "wanted": wanted, "published": published, "headline": headline, "description": description, "website": website, "phone": phone, "email": email, "languages": languages, "products": products, "updated_since": updated_since, **filters}))

    def create_listing(self, body: types.ListingCreate, *, idempotency_key: str | None = None) -> types.Listing:
        """Create a row. Safe to retry with an Idempotency-Key."""
        return cast("types.Listing", self.send("POST", "/v1/listings", body=body, headers={"Idempotency-Key": idempotency_key}))

    def get_listing(self, key: str, **filters: Any) -> types.Listing:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        return cast("types.Listing", self.send("GET", f"/v1/listings/{path_part(key)}", query={**filters}))

    def delete_listing(self, key: str, *, if_match: str | None = None) -> None:
        """Delete a row that no other refers to; 409 names who does."""
        self.send("DELETE", f"/v1/listings/{path_part(key)}", headers={"If-Match": if_match})

    def change_listing(self, key: str, body: types.ListingPatch, *, if_match: str | None = None) -> types.Listing:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        return cast("types.Listing", self.send("PATCH", f"/v1/listings/{path_part(key)}", body=body, headers={"If-Match": if_match}))

    def upsert_listings(self, body: types.BulkRequest, *, idempotency_key: str | None = None) -> types.BulkResult:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared."""
        return cast("types.BulkResult", self.send("POST", "/v1/listings:bulk", body=body, headers={"Idempotency-Key": idempotency_key}))

    def health(self, **filters: Any) -> dict[str, str]:
        """Say that the process is alive."""
        return cast("dict[str, str]", self.send("GET", "/healthz", query={**filters}))

    def readiness(self, **filters: Any) -> dict[str, str]:
        """Say that the store answers and has the schema of this version, and that the models that serve are loaded."""
        return cast("dict[str, str]", self.send("GET", "/readyz", query={**filters}))

    def metrics(self, **filters: Any) -> bytes:
        """Give the measurements of the service, and the newest drift of the models, in the Prometheus text format."""
        return cast("bytes", self.send("GET", "/metrics", query={**filters}))
