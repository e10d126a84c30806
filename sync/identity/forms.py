"""Legal forms of the common countries: how they are written, and of what kind they are, so that a name can be compared without
its form, and two firms of one name but of unlike kinds are not taken for one."""

from __future__ import annotations

from collections.abc import Sequence

PRIVATE, PUBLIC, PARTNERS, MIXED, ANY = (
    "private company",
    "public company",
    "partnership",
    "limited partnership",
    "company",
)

_WRITTEN = {
    PRIVATE: (
        "gmbh|g m b h|mbh|ggmbh|gesellschaft mit beschrankter haftung|ug|ug haftungsbeschrankt|sarl|sarlu|eurl|srl|srls|sl|slu|"
        "sociedad limitada|lda|unipessoal lda|ltda|bv|bvba|sprl|ltd|limited|private limited|pvt ltd|pty ltd|pte ltd|dac|aps|"
        "oy|osakeyhtio|sp z oo|spzoo|sp zoo|spolka z ograniczona odpowiedzialnoscia|sro|spol s ro|kft|ood|eood|doo|ou|sia|uab|"
        "epe|ike|ooo|kk|gk|mepe"
    ),
    PUBLIC: (
        "ag|aktiengesellschaft|kgaa|plc|sa|sau|spa|societa per azioni|societe anonyme|sociedad anonima|sociedade anonima|nv|"
        "asa|oyj|ae|pao|oao|zao|ao|zrt|nyrt|ead"
    ),
    PARTNERS: "ohg|og|gbr|kg|kommanditgesellschaft|snc|vof|cv|llp|lp|sp k|spk|sp j|bt|ek|e k|einzelunternehmen|eu|oe|ee",
    MIXED: "gmbh co kg|gmbh co|ag co kg|gmbh co ohg|gmbh co kgaa|ug co kg|ltd co kg|bv co kg",
    ANY: (
        "inc|incorporated|llc|corp|corporation|co|company|se|ab|aktiebolag|as|hf|ehf|sas|sasu|sa de cv|srl de cv|eg|ev|e v|ad|dd|"
        "pty|pte|pvt|co ltd|co kg|sti|ltd sti|pllc|gie|sci|scop|cie|et cie|y cia|e c"
    ),
}  # fmt: skip
_KINDS = {tuple(form.split()): kind for kind, forms in _WRITTEN.items() for form in forms.split("|")}
_LONGEST = max(map(len, _KINDS))
_ASIAN = ("株式会社", "有限会社", "合同会社", "有限公司", "주식회사")


def without_form(words: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """The words of a folded name without its legal form, at either end, and the kind of the form; empty where it says none. A name
    that is nothing but a form keeps its words."""
    left, kinds = tuple(words), []
    while found := _at_an_end(left):
        left, kind = found
        kinds.append(kind)
    return left, next((kind for kind in kinds if kind != ANY), kinds[0] if kinds else "")


def unlike(one: str, two: str) -> bool:
    """Whether two kinds cannot be one firm's: a partnership is no company, and a private company no public one."""
    if not one or not two or one == two:
        return False
    return {one, two} == {PRIVATE, PUBLIC} or bool({one, two} & {PARTNERS, MIXED})


def without_asian_form(text: str) -> str:
    """The text without the forms that are written as one with the name."""
    for form in _ASIAN:
        text = text.replace(form, " ")
    return text


def _at_an_end(words: tuple[str, ...]) -> tuple[tuple[str, ...], str] | None:
    for many in range(min(_LONGEST, len(words) - 1), 0, -1):
        if words[-many:] in _KINDS:
            return words[:-many], _KINDS[words[-many:]]
    if words[0] in _LEADING and len(words) > 1:
        return words[1:], _KINDS[words[:1]]
    return None


_LEADING = frozenset({"ooo", "oao", "zao", "pao", "ao", "uab", "sia", "as", "ou", "pt"} & {each[0] for each in _KINDS})
