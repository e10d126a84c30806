"""The words of the Home tab and of its dialogs."""

MINE, QUEUE, APPROVALS = "My exceptions", "My team's queue", "Waiting for my approval"
FLOWS, STOPPED, ENGINE, ABOUT_ME = "Flows", "Held and paused", "Engine", "About me"
NOTHING_MINE, NOTHING_QUEUED, NOTHING_STOPPED = (
    "Nothing is yours to do.",
    "The queue is empty.",
    "Nothing is held or paused.",
)
NO_FLOW = "No flow has had work yet."
HELP = "`/sync help` lists everything you can ask for."
PREFER, AWAY, BACK, REPORT = "Preferences", "I am away", "I am back", "Report a manual fix"
PREFERENCES, SAVE = "Preferences", "Save"
DIGEST, DIGEST_AT = "Digest", "At what time"
DIGEST_BOX, DIGEST_WHY = (
    "Send me a digest every working day",
    "What came, what was fixed, what is late in your teams. Silent when nothing happened.",
)
QUIET_FROM, QUIET_UNTIL = "Quiet from", "Quiet until"
QUIET_WHY = "In quiet hours nothing mentions you but class A, money or data at risk. Leave both empty for none."
MENTIONS, MENTIONS_BOX, MENTIONS_WHY = (
    "Mentions",
    "Mention me when I am next",
    "Without it you find your work here; class A mentions you all the same.",
)
BOTH_ENDS = "Quiet hours need both ends, or none."
SAME_ENDS = "Quiet hours that begin and end at the same time are none: choose another time, or empty both."
NO_TIME = "Please choose a time."
