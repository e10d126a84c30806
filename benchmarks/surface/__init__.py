"""The Slack surface under load: how soon a failure is a card, how soon a click is answered, and an hour without Slack."""
