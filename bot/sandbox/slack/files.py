"""Files on their way into a conversation: a ticket first, then the bytes, then the message that shows them."""

from dataclasses import dataclass

from bot.sandbox.slack.normal import new_id
from bot.sandbox.slack.values import Json, SlackError


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    name: str
    content: bytes | None = None


class Files:
    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def expect(self, name: str) -> File:
        file = File(id=new_id("F0"), name=name)
        self._files[file.id] = file
        return file

    def find(self, file_id: str) -> File:
        if file_id not in self._files:
            raise SlackError("file_not_found")
        return self._files[file_id]

    def receive(self, file_id: str, content: bytes) -> File:
        file = self.find(file_id)
        file.content = content
        return file

    def complete(self, file_id: str, title: str | None, url: str) -> Json:
        """The file as messages show it, once its bytes are here."""
        file = self.find(file_id)
        if file.content is None:
            raise SlackError("file_not_found")
        return {
            "id": file.id,
            "name": file.name,
            "title": title or file.name,
            "size": len(file.content),
            "url_private": url,
            "url_private_download": url,
            "permalink": url,
        }
