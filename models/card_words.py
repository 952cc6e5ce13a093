"""What each model is for and what it cannot do, in words for its card (Mitchell et al. 2019)."""

INTENDED_USE = {
    "fit": (
        "Ranks prospects and applicants by the chance that they become productive, so that recruiters know whom to "
        "look at first. A person decides; nobody is turned down by the number alone."
    ),
    "churn": (
        "Ranks partners by the chance that they show no sign of life within a horizon, so that account managers call "
        "in time. It is a reason to ask, not a verdict on a partner."
    ),
    "match": (
        "Ranks eligible partners for a lead by the chance that the partner, offered the lead now, accepts and wins. "
        "Territory, agreement, certification and capacity are rules, and stay rules whatever the number says."
    ),
    "recommend": (
        "Ranks assets and offers for a partner by the chance of an engagement. It orders what a partner may see anyway."
    ),
}
"""By model."""

LIMITS = {
    "fit": (
        "Learned from companies that were recruited: of those that nobody would have recruited it knows nothing.",
        "What it calls productive is what the outcome setting says, no more.",
    ),
    "churn": (
        "A partner that works without leaving signs in the store looks silent.",
        "Partners that ended without a date, and without a history of status, were not in the training rows.",
    ),
    "match": (
        "Learned from leads that the earlier policy gave to partners: pairs that it never tried are guesses.",
        "A field of a lead that was edited after the offer counts with its last value where no change is on record.",
    ),
    "recommend": (
        "Engagement is not benefit: what is read most is not what sells most.",
        "Items that were never shown have no engagements, whatever they are worth.",
    ),
}
"""By model."""

LIMITS_OF_ALL = (
    "Correlation, not cause: a factor says what moved the number, not what would change the outcome.",
    "It looks at the past of this programme. After a change of rules, prices or partners, trust it again when its "
    "monthly outcome by band agrees.",
)
"""Of every model."""
