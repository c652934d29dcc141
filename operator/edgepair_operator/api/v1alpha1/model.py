"""The root of every model of the API, and the parts that both kinds have: metadata, camelCase, manifests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, PlainSerializer
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema

from edgepair_operator.api.keys import API_VERSION, ObjectKey
from edgepair_operator.api.markers import RULES, DateTimeForm, Rule


class Model(BaseModel):
    """A value of the API: camelCase in manifests, snake_case in Python, never changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)
    rules: ClassVar[tuple[Rule, ...]] = ()

    def manifest(self) -> dict[str, Any]:
        """Return the value as a manifest holds it: plain types, nothing that is absent or empty."""
        dumped: dict[str, Any] = _without_empty(self.model_dump(mode="json", by_alias=True, exclude_none=True))
        return dumped

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return the schema with the model's rules in it."""
        schema = handler(core)
        if cls.rules:
            handler.resolve_ref_schema(schema)[RULES] = [rule.schema for rule in cls.rules]
        return schema


class StatusModel(Model):
    """A part of a status. What a newer operator wrote is read and what we do not know of it ignored."""

    model_config = ConfigDict(extra="ignore")


class ObjectMeta(StatusModel):
    """What we read of an object's metadata; whatever else is there is its owner's."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    creation_timestamp: AwareDatetime | None = None
    deletion_timestamp: AwareDatetime | None = None

    @property
    def is_being_deleted(self) -> bool:
        """Return whether somebody has asked for the object's end."""
        return self.deletion_timestamp is not None


class Resource(Model):
    """An object of one of our kinds as the API server sends it."""

    api_version: str = API_VERSION
    kind: str
    metadata: ObjectMeta

    @classmethod
    def read(cls, manifest: dict[str, Any]) -> Self:
        """Return the object that a manifest describes.

        Raises:
            pydantic.ValidationError: the manifest does not follow the schema.
        """
        return cls.model_validate(manifest)

    @property
    def key(self) -> ObjectKey:
        """Return what names this object in the cluster."""
        return ObjectKey(self.api_version, self.kind, self.metadata.namespace, self.metadata.name)


def rfc3339(moment: datetime) -> str:
    """Return the moment in UTC to the second, as the tab and every status field show it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Moment = Annotated[AwareDatetime, PlainSerializer(rfc3339, return_type=str), DateTimeForm()]


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ([], {})}
    if isinstance(value, list):
        return [_without_empty(item) for item in value]
    return value
