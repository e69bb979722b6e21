"""`manage.py evaluate DIR`: how good is the search, on a judged collection in the BEIR layout?"""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone

from kb.env import index_url
from search import golden, index, quality
from search.encoder import Encoder
from search.errors import SearchError
from search.evaluation import Measurement, measure
from search.models import MAX_NAME, Evaluation
from search.progress import Bar
from search.tuning.evaluating import adapted
from search.tuning.recipe import parse
from search.variants import BY_MODES


class Shown(NamedTuple):
    """What was measured, what is to be said before it, and by `who` where there are several; `is_kept` of an adapted
    encoder that an instance would use."""

    measured: Measurement
    title: str = ""
    who: str = ""
    is_kept: bool = False


class Command(BaseCommand):
    help = (
        "Measure keyword, vector and hybrid search on DIR (corpus.jsonl, queries.jsonl, qrels.tsv), in a scratch index."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIR")
        of = parser.add_mutually_exclusive_group()
        of.add_argument(
            "--instance",
            action="store_true",
            help="DIR has no corpus.jsonl: search this instance's public entries, which qrels.tsv names by their slugs",
        )
        of.add_argument(
            "--tune",
            action="store_true",
            help="adapt the encoder to DIR's documents, never its queries, and show before and after; minutes",
        )
        parser.add_argument(
            "--engine",
            default="",
            metavar="URL",
            help="in a scratch collection of this server, as of KB_INDEX_URL, and not in files of the local engine",
        )
        parser.add_argument(
            "--recipe",
            action="append",
            metavar="FIELD=VALUE,…",
            help="with --tune: adapt it in another way, such as together=4,share=0.5, and show what comes of it, kept "
            "or not; several are shown one after the other",
        )
        parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")
        parser.add_argument("--options", action="store_true", help="measure ways of ranking that are not in use too")
        parser.add_argument("--queries", action="store_true", help="show the queries that differ most")
        parser.add_argument("--report", metavar="FILE", help="write everything, query by query, into FILE as JSON")
        parser.add_argument(
            "--keep",
            metavar="NAME",
            help="show the result on /status/quality/ under NAME; with --tune that of the best encoder that was kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = (options["keep"] or "").strip()
        if options["keep"] is not None and not 0 < len(name) <= MAX_NAME:
            raise CommandError(f"--keep needs a name of 1 to {MAX_NAME} characters")
        if options["instance"] and options["options"]:
            raise CommandError("--options needs a collection of its own: it ranks what no reader is shown")
        if options["instance"] and options["engine"]:
            raise CommandError("--engine needs a collection of its own: --instance asks the index of the instance")
        if options["recipe"] and not options["tune"]:
            raise CommandError("--recipe says how to adapt the encoder: it goes with --tune")
        try:
            options["engine"] = options["engine"] and index_url("--engine", options["engine"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        try:
            options["recipes"] = [parse(text) for text in options["recipe"] or [""]]
        except ValueError as error:
            raise CommandError(f"--recipe: {error}") from error
        now = timezone.now()
        found = []
        try:
            with Bar() as self.show:
                for shown in self._measured(options):
                    found.append(shown)
                    self.show.done()
                    self._tell(shown.title, quality.report(shown.measured, now), options["queries"])
        except SearchError as error:
            raise CommandError(str(error)) from error
        self._keep(name, options["report"], _in_use(found), now)
        if options["json"]:  # the last line is what counts: after adapting, where that was asked for
            for shown in found:
                means = shown.measured.means()
                self.stdout.write(json.dumps({mode: means[mode] for mode in BY_MODES}))

    def _tell(self, title: str, report: dict[str, Any], queries: bool) -> None:
        if title:
            self.stdout.write(title)
        self.stdout.write(quality.table(report))
        if queries:
            self.stdout.write(f"\n{quality.queries_table(report)}")

    def _measured(self, options: dict[str, Any]) -> Iterator[Shown]:
        directory = options["directory"]
        if options["instance"]:
            yield Shown(golden.measure_instance(directory, progress=self.show))
        elif options["tune"]:
            base = index.base()
            before = self._measure(directory, base, options)
            yield Shown(before, f"{base.fingerprint}:", "the encoder before, as no adapted one was kept")
            for recipe, told in zip(options["recipes"], options["recipe"] or [""], strict=True):
                with adapted(directory, base, recipe, self.show) as result:
                    is_other = result.encoder is not base and bool(result.is_kept or options["recipe"])
                    after = self._measure(directory, result.encoder, options) if is_other else before
                title = f"{'Adapted' if is_other else 'As before'}{told and f' ({told})'}:"
                who = f"the encoder adapted{told and f' with {told}'}"
                yield Shown(after, "\n".join([*result.said, title]), who, result.is_kept)
        else:
            yield Shown(self._measure(directory, _encoder(), options))

    def _measure(self, directory: str, encoder: Encoder, options: dict[str, Any]) -> Measurement:
        more = {"options": options["options"], "reranker": index.reranker()}
        return measure(directory, encoder, options["engine"], self.show, **more)

    def _keep(self, name: str, file: str | None, shown: Shown, now: datetime) -> None:
        measured = shown.measured
        report = quality.report(measured, now)
        if file:
            whole = {**report, "per_query": quality.per_query(measured)}
            try:
                Path(file).write_text(json.dumps(whole, ensure_ascii=False, indent=1) + "\n", "utf-8")
            except OSError as error:
                raise CommandError(f"--report {file}: {error.strerror}") from error
            if shown.who:
                self.stdout.write(f"{file} has the figures of {shown.who}.")
        if name:
            Evaluation.objects.update_or_create(name=name, defaults={"measured_at": now, "report": report})
            whose = f", the figures of {shown.who}" if shown.who else ""
            self.stdout.write(f"Kept as “{name}”{whose}: see /status/quality/.")


def _in_use(found: list[Shown]) -> Shown:
    """Whose figures are kept: of adapted encoders that an instance would use the best, else what there was before."""
    return max(
        (one for one in found if one.is_kept),
        key=lambda one: one.measured.means()[quality.YARDSTICK][quality.MEASURE],
        default=found[0],
    )


def _encoder() -> Encoder:
    """That of this instance; where nothing was ever set up no other than KB_EMBEDDER's can have been chosen."""
    try:
        return index.encoder()
    except DatabaseError:
        return index.base()
