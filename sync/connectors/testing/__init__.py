"""What a connector is held against: one suite for ours and for everybody else's. It needs pytest, pytest-asyncio and a fake of the
other system; nothing of the product imports it."""
