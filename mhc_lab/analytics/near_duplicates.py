"""Pictures that look alike, two by two, for a person to judge. A look id is no identity: nothing is ever set aside because of one.

Copies of the same bytes are one picture here. Of pictures with one look id the largest stands for the others, which are told beside it; so
a hundred thousand blank ones are a hundred thousand lines and not five thousand million.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from mhc_lab.core import display
from mhc_lab.media import near
from mhc_lab.mirror.connection import Mirror

_SIDE = ("media_id", "username", "place", "width", "height", "size_bytes")
"""What is told of each of the two."""


@dataclass(frozen=True, slots=True, repr=False)
class NearDuplicates:
    """Two pictures a row that may be one: a suggestion."""

    frame: pl.DataFrame
    """``distance`` in bits, then the larger one, then ``other_…``; the nearest first."""

    @property
    def pairs(self) -> int:
        """How many there are to judge."""
        return self.frame.height

    @property
    def pictures(self) -> int:
        """How many pictures are in one of them."""
        return pl.concat([self.frame["media_id"], self.frame["other_media_id"]]).n_unique()

    def __repr__(self) -> str:
        return f"{display.plural(self.pairs, 'pair')} of pictures that look alike · {display.plural(self.pictures, 'picture')}"

    def _repr_html_(self) -> str:
        facts = [("pairs to judge", self.pairs), ("pictures in them", self.pictures)]
        shown = self.frame.select(
            pl.col("distance").alias("bits apart"),
            _told("").alias("one"),
            _told("other_").alias("the other"),
            (pl.col("size_bytes") - pl.col("other_size_bytes")).alias("bytes more"),
        )
        table = display.table(shown, caption="Look at both before you decide; the nearest first")
        return display.facts("Near duplicates", facts) + table


def near_duplicates(mirror: Mirror, *, distance: int = 4, across_persons: bool = False) -> NearDuplicates:
    """Pictures of one person, or ``across_persons`` of any, whose look ids differ in at most ``distance`` of 64 bits."""
    files = mirror.query("media/look_ids").sort(
        pl.col("width") * pl.col("height"), descending=True, maintain_order=True
    )
    if across_persons:
        files = files.unique("byte_id", keep="first", maintain_order=True).with_columns(pl.lit("").alias("whose"))
    else:
        files = files.filter(pl.col("person_id").is_not_null()).with_columns(pl.col("person_id").alias("whose"))
    heads = files.unique(["look", "whose"], keep="first", maintain_order=True)
    alike = heads.join(files, on=["look", "whose"], suffix="_other").filter(
        pl.col("media_id") != pl.col("media_id_other")
    )
    pairs = _pairs(heads, distance)
    near_ = pairs.join(heads, on="look").join(
        heads, left_on=["other_look", "whose"], right_on=["look", "whose"], suffix="_other"
    )
    both = pl.concat([_side_by_side(alike.with_columns(pl.lit(0, pl.Int32).alias("distance"))), _side_by_side(near_)])
    return NearDuplicates(both.sort("distance", "username", "place", "other_place", nulls_last=True))


def _pairs(heads: pl.DataFrame, distance: int) -> pl.DataFrame:
    """Look ids that are near each other, each pair once."""
    found = near.pairs(heads["look"].to_numpy(), distance=distance)
    return pl.DataFrame(
        {
            "look": found.looks[found.first],
            "other_look": found.looks[found.second],
            "distance": found.distances.astype("int32"),
        }
    )


def _side_by_side(pairs: pl.DataFrame) -> pl.DataFrame:
    """The larger picture first, the other beside it."""
    pixels, other_pixels = (pl.col(f"width{end}") * pl.col(f"height{end}") for end in ("", "_other"))
    is_turned = pixels < other_pixels
    one = [pl.when(is_turned).then(f"{name}_other").otherwise(name).alias(name) for name in _SIDE]
    other = [pl.when(is_turned).then(name).otherwise(f"{name}_other").alias(f"other_{name}") for name in _SIDE]
    return pairs.select("distance", *one, *other)


def _told(side: str) -> pl.Expr:
    return pl.format(
        "{}\n{}\n{} × {}",
        pl.col(f"{side}username").fill_null("nobody known"),
        f"{side}place",
        f"{side}width",
        f"{side}height",
    )
