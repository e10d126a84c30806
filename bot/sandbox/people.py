"""The people and the channels of the company that the sandbox plays. Their ids never change."""

from bot.sandbox.slack.values import Channel, Person


def _person(user: str, name: str, real_name: str, title: str, role: str) -> Person:
    return Person(id=user, name=name, real_name=real_name, title=title, role=role, email=f"{name}@northwind.example")


DANA = _person("U0DANA0001", "dana", "Dana Okafor", "Sales Ops lead", "owner")
BEN = _person("U0BEN00001", "ben", "Ben Ortiz", "Sales Ops", "backup")
FAYE = _person("U0FAYE0001", "faye", "Faye Lindqvist", "Billing lead", "owner")
GUS = _person("U0GUS00001", "gus", "Gus Marchetti", "Billing", "backup")
MIRA = _person("U0MIRA0001", "mira", "Mira Novak", "Marketing Ops lead", "owner")
OMAR = _person("U0OMAR0001", "omar", "Omar Haddad", "CRM administrator", "owner")
PRIYA = _person("U0PRIYA001", "priya", "Priya Raman", "Controller", "approver")
SAM = _person("U0SAM00001", "sam", "Sam Whitfield", "Account executive", "viewer")

PEOPLE = (DANA, BEN, FAYE, GUS, MIRA, OMAR, PRIYA, SAM)

SALES_OPS = Channel(id="C0SALESOPS", name="sales-ops", topic="Deals that need a sales decision")
FINANCE = Channel(id="C0FINANCE0", name="finance", topic="Invoices, customers and billing codes")
MARKETING_OPS = Channel(id="C0MKTGOPS0", name="marketing-ops", topic="Campaign data and product names")
CRM_OPS = Channel(id="C0CRMOPS00", name="crm-ops", topic="The CRM itself: fields, duplicates, access")
REVOPS = Channel(id="C0REVOPS00", name="revops", topic="Digests and decisions across teams")

CHANNELS = (SALES_OPS, FINANCE, MARKETING_OPS, CRM_OPS, REVOPS)
