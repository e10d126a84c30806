"""Files on their way into a conversation: a ticket first, then the bytes, then the message that shows them."""

from dataclasses import dataclass
from mimetypes import guess_type

from bot.sandbox.slack.normal import new_id
from bot.sandbox.slack.values import Json, SlackError


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    name: str
    alt_text: str = ""
    content: bytes | None = None
    shown: bool = False

    @property
    def mimetype(self) -> str:
        return guess_type(self.name)[0] or "application/octet-stream"


class Files:
    def __init__(self) -> None:
        self._files: dict[str, File] = {}

    def expect(self, name: str, alt_text: str = "") -> File:
        file = File(id=new_id("F0"), name=name, alt_text=alt_text)
        self._files[file.id] = file
        return file

    def find(self, file_id: str) -> File:
        if file_id not in self._files:
            raise SlackError("file_not_found")
        return self._files[file_id]

    def forget(self, file_id: str) -> None:
        """The bytes are gone; messages still show that there was a file."""
        self.find(file_id)
        del self._files[file_id]

    def receive(self, file_id: str, content: bytes) -> File:
        file = self.find(file_id)
        file.content = content
        return file

    def complete(self, file_id: str, title: str | None, url: str) -> Json:
        """The file as messages show it, once its bytes are here."""
        file = self.find(file_id)
        if file.content is None:
            raise SlackError("file_not_found")
        file.shown = True
        return {
            "id": file.id,
            "name": file.name,
            "title": title or file.name,
            "mimetype": file.mimetype,
            "alt_txt": file.alt_text,
            "size": len(file.content),
            "url_private": url,
            "url_private_download": url,
            "permalink": url,
        }
