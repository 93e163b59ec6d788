"""Plans, approvals and receipts: values that say exactly what will be, may be, and was done.

A plan is frozen and names every single action with its reason. Its hash is over its content; an approval is bound to that hash; and
``apply_x`` takes an ``Approved[XPlan]`` and nothing else, so an unreviewed plan does not type check.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import compress
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from pydantic import TypeAdapter, ValidationError, create_model

from mhc_lab.core.errors import RefusedError
from mhc_lab.core.home import replace_bytes
from mhc_lab.core.ids import MediaId, RunId


class Action(Protocol):
    """One single action of a plan; it may name its ``group``, when a plan has several, and the ``files`` it is about."""

    @property
    def name(self) -> str:
        """What it is about, as a reviewer names it."""

    @property
    def reason(self) -> str:
        """Why it is done, or what it does, in one sentence."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What every plan has: when it was made, its actions, a hash, a file, and the way to an approval."""

    kind: ClassVar[str]
    made_at: datetime
    actions: tuple[Action, ...]

    @property
    def hash(self) -> str:
        """SHA-256 of the plan's content: two plans that would do the same at the same time are the same plan."""
        digest = hashlib.sha256()
        for block in self.written():
            digest.update(block)
        return digest.hexdigest()

    def content(self) -> dict[str, object]:
        """The plan as JSON values, with its kind."""
        return {"kind": self.kind, **TypeAdapter(type(self)).dump_python(self, mode="json")}

    def besides(self) -> dict[str, object]:
        """What :meth:`content` says besides the actions."""
        return {"kind": self.kind, **TypeAdapter(type(self)).dump_python(self, mode="json", exclude={"actions"})}

    def without(self, *names: str) -> Self:
        """The plan with what bears these names left as it is."""
        left_out = set(names)
        return replace(self, actions=tuple(action for action in self.actions if action.name not in left_out))

    def narrowed(self, ticks: Iterable[object]) -> Self:
        """The plan with those actions that have a tick; there is one for each, set or not, in their order."""
        return replace(self, actions=tuple(compress(self.actions, ticks)))

    def words(self) -> str:
        """The plan for a terminal: what it is about, and a line for every single action."""
        return "\n".join([str(self), *(f"  {action.name}: {action.reason}" for action in self.actions)])

    def save(self, path: Path) -> Path:
        """Write the plan where it can be read, narrowed with an editor, and loaded again."""
        replace_bytes(path, (*self.written(indent=2), b"\n"))
        return path

    def written(self, *, indent: int | None = None) -> tuple[bytes, memoryview]:
        """The plan with its kind as JSON, without what goes without saying: there may be hundreds of thousands of actions."""
        said = TypeAdapter(type(self)).dump_json(self, indent=indent, exclude_defaults=True)
        return f'{{"kind": {json.dumps(self.kind)},'.encode(), memoryview(said)[1:]

    @classmethod
    def load(cls, path: Path) -> Self:
        """The plan in ``path``, checked.

        Raises
        ------
        RefusedError
            The file is not a plan of this kind.
        """
        content = _read(path)
        _refuse_other(cls, _head(path, content, _Kind).kind)
        return _checked(TypeAdapter(cls).validate_json, content)

    def approve(self, *, by: str) -> Approved[Self]:
        """The plan, exactly as it is now, approved by ``by``."""
        if not by.strip():
            raise RefusedError("An approval needs the name of who gives it.", rule="approval")
        return Approved(self, by.strip())


P = TypeVar("P", bound=Plan, covariant=True)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Approved(Generic[P]):
    """A plan somebody approved, bound to its hash."""

    plan: P
    by: str
    plan_hash: str = ""
    """Empty: whatever it is now."""

    def __post_init__(self) -> None:
        own = self.plan.hash
        if not self.plan_hash:
            object.__setattr__(self, "plan_hash", own)
        elif self.plan_hash != own:
            raise RefusedError(
                "The plan was changed after it was approved. Look through it and approve it again.", rule="approval"
            )

    def save(self, path: Path) -> Path:
        """Write plan and approval into one file."""
        head = json.dumps({"approved_by": self.by, "plan_hash": self.plan_hash})
        replace_bytes(path, (f'{head[:-1]}, "plan": '.encode(), *self.plan.written(), b"}\n"))
        return path


def load_approved(plan_class: type[P], path: Path) -> Approved[P]:
    """The approved plan in ``path``; refused when it is not approved, or was changed since."""
    content = _read(path)
    head = _head(path, content, _Approval)
    by, plan_hash = head.approved_by, head.plan_hash
    if not (head.plan and isinstance(by, str) and isinstance(plan_hash, str) and plan_hash):
        raise RefusedError(f"{path} is not approved. Read it with `show`, then `approve` it.", rule="approval")
    _refuse_other(plan_class, head.plan.kind)
    read: Callable[[bytes], Any] = create_model("file", plan=(plan_class, ...)).model_validate_json
    return Approved(_checked(read, content).plan, by, plan_hash)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a run did: hand it to ``restore`` to undo it."""

    run: RunId
    kind: str
    title: str
    done_count: int
    approved_by: str
    finished_at: datetime
    refused: tuple[str, ...] = ()
    """Actions that were left out because the world is not as the plan says any more, and why."""
    is_reversible: bool = True

    def __str__(self) -> str:
        return self.headline + "".join(f"\n  left as it is: {name}" for name in self.refused)

    @property
    def headline(self) -> str:
        """What was done, and the command that undoes it."""
        return f"{self.title} · undo: mhc {self.kind} restore {self.run}" if self.is_reversible else self.title


def group(action: Action) -> str:
    """The class that ``action`` belongs to; empty where its plan has only one."""
    return str(getattr(action, "group", ""))


def files(action: Action) -> tuple[MediaId, ...]:
    """The registered files that ``action`` is about, to be looked at side by side."""
    return tuple(map(MediaId, getattr(action, "files", ())))


# from a file, without a dict for each of hundreds of thousands of actions


@dataclass(frozen=True, slots=True)
class _Kind:
    kind: object = None


@dataclass(frozen=True, slots=True)
class _Approval:
    approved_by: object = None
    plan_hash: object = None
    plan: _Kind | None = None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as failure:
        raise _unreadable(path, str(failure)) from failure


def _head(path: Path, content: bytes, head: type[T]) -> T:
    """What a file says of its plan, besides the plan."""
    try:
        return TypeAdapter(head).validate_json(content)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise _unreadable(path, first["msg"]) from None
        raise RefusedError(f"{path} holds no plan. Make one with `plan`.", rule="plan file") from None


def _checked(read: Callable[[bytes], T], content: bytes) -> T:
    try:
        return read(content)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])).removeprefix("plan.")
        raise RefusedError(
            f"The plan is damaged at {place}: {first['msg']}. Make a new one.", rule="plan file"
        ) from None


def _refuse_other(plan_class: type[Plan], kind: object) -> None:
    if kind != plan_class.kind:
        raise RefusedError(
            f"This is a plan of kind {kind!r}, not {plan_class.kind!r}. Make one with `plan`.", rule="plan file"
        )


def _unreadable(path: Path, why: str) -> RefusedError:
    return RefusedError(f"{path} cannot be read as a plan ({why}). Make one with `plan`.", rule="plan file")
