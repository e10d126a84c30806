"""The words of the shortcuts and of the report of a manual fix."""

SHOW, SHOW_WHY = "show_exception", "Show this exception"
REPORT, REPORT_WHY = "report_manual_fix", "Report a manual fix"
TITLE, SEND, DONE = "Report a manual fix", "Report", "Thank you"
INTRO = "What was mended by hand, past Meshline? It stays on record with your name and counts in the monthly pack. It closes nothing by itself."
CASE, CASE_HINT = "Exception", "EX-7, if there is one"
FLOW, RECORD, RECORD_HINT = "Flow", "Record", "Its id in the CRM or the ERP"
SYSTEM, SYSTEM_HINT = "In which system", "CRM, ERP or another"
WHAT, WHAT_HINT = "What was changed", "The field, from what to what"
WHY, WHY_HINT = "Why by hand", "What Meshline could not do"
NO_CARD = (
    "This message is no card of an exception. Cards are the messages that Meshline posts when a record stops; "
    "/sync exceptions lists what is open."
)
NEEDED = "Please write an exception such as EX-7, or a record's id."
RECORDED = "It is on record."
OPEN_STILL = (
    "{ref} is still open. Once the record is right at its source, replay it; if nothing is to be written, discard it."
)
CLOSED = "{ref} is closed already."
NO_RECORD = "No record will be written for it. The decision stays on record with your name."
UNKNOWN = "This entry is from another version of Meshline."
