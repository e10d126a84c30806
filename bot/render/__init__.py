"""Pages that a newcomer understands: one for each contract and each flow of a workspace, as HTML or Markdown. Pure."""
