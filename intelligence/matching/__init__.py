"""From a lead to ranked partners: eligibility, candidates, rank."""
