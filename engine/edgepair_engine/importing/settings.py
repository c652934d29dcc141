"""Options and parameters of one scope: definitions are remembered, values put into the scope."""

from __future__ import annotations

from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.option_book import OptionBook, space_and_name
from edgepair_engine.importing.option_types import OptionType, Value, parse_value
from edgepair_engine.importing.parameters import DDNS_STYLES, FACILITIES, PARAMETERS
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.scopes import AUTHORITATIVE, SERVER_ID, Key, Scope, Setting
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.words import Words

_EXPRESSION_WHY = "it is worked out for each client anew, which is not possible here", "write the value that most need"


class SettingReader:
    """Reads settings, and knows the options that were defined so far."""

    def __init__(self, losses: Losses) -> None:
        self.book = OptionBook()
        self._losses = losses

    def statement(self, statement: Statement, scope: Scope) -> None:
        """Take a statement that has a form of its own."""
        match statement.keyword:
            case "option":
                self._option(statement, scope)
            case "server-identifier":
                kind = self.book.find("dhcp", "dhcp-server-identifier")
                assert kind is not None, "a standard option"
                self._set(SERVER_ID, kind.kind, words=Words(statement), statement=statement, scope=scope)
            case _:
                self._authoritative(statement, scope)

    def _option(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement)
        if len(statement.tokens) > 2 and statement.tokens[1].word == "space" and statement.tokens[2].word:
            words.take("")
            self.book.declare_space(words)
            return
        space, name = space_and_name(words)
        if space not in self.book.spaces:
            raise ImportRefused(statement.tokens[1].place, space, "expected an option space that is declared before")
        if words.peek().word == "code" and len(statement.tokens) > 5:
            self.book.define(space, name, words)
            return
        self._option_value(space, name, words=words, statement=statement, scope=scope)

    def _option_value(self, space: str, name: str, *, words: Words, statement: Statement, scope: Scope) -> None:
        if space == "server" and name in PARAMETERS:
            self._set(("server", name), PARAMETERS[name].kind, words=words, statement=statement, scope=scope)
            return
        definition = self.book.find(space, name)
        if definition is None:
            if not self.book.is_foreign(space):
                raise ImportRefused(
                    statement.tokens[1].place, name, "expected an option that dhcpd knows or that is defined"
                )
            self._losses.add(statement, f"options of the space {space} are not sent", "leave it out")
            return
        key = definition.space, definition.code
        self._set(key, definition.kind, words=words, statement=statement, scope=scope)

    def parameter(self, statement: Statement, scope: Scope) -> None:
        """Take a parameter of dhcpd's that is no DHCP option."""
        name = statement.keyword
        known = PARAMETERS[name]
        setting = self._set(("server", name), known.kind, words=Words(statement), statement=statement, scope=scope)
        if setting is None or setting.value is None:
            return
        value = setting.value.data
        if name == "ddns-update-style" and value.decode("latin-1") not in DDNS_STYLES:
            Words(statement).refuse(" or ".join(DDNS_STYLES))
        if name == "log-facility" and value.decode("latin-1") not in FACILITIES:
            Words(statement).refuse("a facility of syslog")
        if known.why and value not in known.same:
            self._losses.add(statement, known.why, known.advice)

    def _set(self, key: Key, kind: OptionType, *, words: Words, statement: Statement, scope: Scope) -> Setting | None:
        if words.has_mark("="):
            if not words.left() or statement.block is not None:
                words.refuse("an expression")
            self._losses.add(statement, *_EXPRESSION_WHY)
            return None
        setting = Setting(key, parse_value(kind, words), statement)
        scope.put(setting)
        return setting

    def _authoritative(self, statement: Statement, scope: Scope) -> None:
        words = Words(statement, skip=0)
        negated = words.has_word("not")
        words.choice("authoritative")
        words.done()
        scope.put(Setting(AUTHORITATIVE, Value(b"\0" if negated else b"\1"), statement))
