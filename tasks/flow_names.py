"""Names of the flows about one call, which runs are looked for by."""

CALL_FLOW = "process-call"
SUMMARY_FLOW = "summarize-call"
HEAR_FLOW = "hear"
DRAFT_FLOW = "draft-reply"
CORRECT_FLOW = "correct-call"
EDITS_FLOW = "apply-edits"
SPEAK_AGAIN_FLOW = "speak-again"
