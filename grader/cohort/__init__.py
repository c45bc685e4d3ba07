"""A whole cohort: take in many submissions, grade them in parallel, keep a ledger."""
