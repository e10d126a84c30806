"""People, channels and messages in the shapes of Slack's Web API."""

from bot.sandbox.slack.values import App, Channel, Json, Message, Person, UserGroup


def message_shape(message: Message, app: App, replies: list[Message] | None = None, *, metadata: bool = True) -> Json:
    """A message as the Web API gives it; `replies` says what its thread holds, when it is shown as a root."""
    shape: Json = {"type": "message", "user": message.user, "text": message.text, "ts": message.ts, "team": app.team_id}
    if message.bot:
        shape |= {"bot_id": message_bot(app)["id"], "app_id": app.id, "bot_profile": message_bot(app)}
    if message.blocks:
        shape["blocks"] = message.blocks
    if message.metadata and metadata:
        shape["metadata"] = message.metadata
    if message.thread_ts:
        shape["thread_ts"] = message.thread_ts
    if message.edited:
        shape["edited"] = {"user": message.user, "ts": message.edited}
    if message.files:
        shape["files"] = list(message.files)
    if message.reactions:
        shape["reactions"] = _reactions(message)
    return shape | _subtype(message) | _thread(message, replies or [])


def message_bot(app: App) -> Json:
    return {"id": app.bot_id, "app_id": app.id, "name": app.name, "deleted": False, "team_id": app.team_id}


def user_shape(person: Person, app: App) -> Json:
    profile = {
        "real_name": person.real_name,
        "display_name": person.name,
        "email": person.email,
        "title": person.title,
        "team": app.team_id,
    }
    return _user(person.id, person.name, person.real_name, profile, app) | {
        "tz": person.tz,
    }


def bot_user_shape(app: App) -> Json:
    profile = {"real_name": app.name, "display_name": app.name, "api_app_id": app.id, "bot_id": app.bot_id}
    return _user(app.user_id, app.name.lower(), app.name, profile, app) | {"is_bot": True}


def channel_shape(channel: Channel, *, archived: bool, member: bool, members: int) -> Json:
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": archived,
        "is_member": member,
        "num_members": members,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def direct_shape(channel: str, users: tuple[str, ...]) -> Json:
    single = {"user": users[0]} if len(users) == 1 else {}
    return {"id": channel, "is_im": len(users) == 1, "is_mpim": len(users) > 1, "is_open": True, **single}


def group_shape(group: UserGroup, app: App) -> Json:
    return {
        "id": group.id,
        "team_id": app.team_id,
        "handle": group.handle,
        "name": group.name,
        "is_usergroup": True,
        "users": list(group.users),
        "user_count": len(group.users),
        "date_delete": 0,
    }


def _user(user: str, name: str, real_name: str, profile: Json, app: App) -> Json:
    return {
        "id": user,
        "team_id": app.team_id,
        "name": name,
        "real_name": real_name,
        "deleted": False,
        "is_bot": False,
        "is_app_user": False,
        "profile": profile,
    }


def _reactions(message: Message) -> list[Json]:
    names = dict.fromkeys(name for name, _ in message.reactions)
    users = {name: [user for given, user in message.reactions if given == name] for name in names}
    return [{"name": name, "users": users[name], "count": len(users[name])} for name in names]


def _subtype(message: Message) -> Json:
    if message.deleted:
        return {"subtype": "tombstone", "hidden": True}
    return {"subtype": "thread_broadcast"} if message.broadcast else {}


def _thread(message: Message, replies: list[Message]) -> Json:
    if message.thread_ts or not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": users,
        "reply_users_count": len(users),
        "latest_reply": replies[-1].ts,
    }
