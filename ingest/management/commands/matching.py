"""`manage.py matching`: how good are the proposals of what may be the same, where somebody published what is?"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ingest.matching import measuring
from ingest.matching.finder import Finder
from ingest.matching.measuring import Quality, Trial
from ingest.matching.model import THRESHOLD
from ingest.sources import SourceError

Judged = dict[float, Quality]


class Command(BaseCommand):
    help = (
        "Measure the proposals of what may be the same on collections whose true pairs are published, with the numbers "
        "hidden. Everything is read and compared in memory: the instance's own entries are neither asked nor touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--aiid", nargs="+", default=[], metavar="SNAPSHOT", help="two AIID snapshots, the older first; or one"
        )
        parser.add_argument("--avid", default="", metavar="ARCHIVE", help="AVID, whose cross-references are the truth")
        parser.add_argument("--atlas", default="", metavar="FILE", help="ATLAS.yaml, to which AVID refers")
        parser.add_argument("--aiaaic", default="", metavar="FILE", help="the AIAAIC sheet, for --fit")
        parser.add_argument("--fit", action="store_true", help="fit the weights anew, on the last AIID and AIAAIC")
        parser.add_argument("--json", action="store_true", help="the last line is the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        aiid, avid, atlas = options["aiid"], options["avid"], options["atlas"]
        result: dict[str, Any] = {}
        if len(aiid) > 2:
            raise CommandError("--aiid takes two snapshots at most, the older first.")
        if not (len(aiid) == 2 or avid or options["fit"]):
            raise CommandError(
                "Nothing to measure: say --aiid OLD NEW, --avid ARCHIVE with --aiid or --atlas, or --fit."
            )
        try:
            if len(aiid) == 2:
                result |= self._snapshots(*aiid)
            if avid:
                result |= self._avid(avid, aiid[-1] if aiid else "", atlas)
            if options["fit"]:
                result |= self._fit(aiid[-1] if aiid else "", options["aiaaic"])
        except SourceError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))

    def _snapshots(self, old: str, new: str) -> dict[str, Any]:
        trial, changed = measuring.two_snapshots(old, new)
        finder = self._finder(trial)
        return self._told(
            {
                "snapshots": measuring.judge(trial, finder),
                "snapshots, what changed": measuring.judge(trial, finder, changed),
            }
        )

    def _avid(self, avid: str, aiid: str, atlas: str) -> dict[str, Any]:
        if not (aiid or atlas):
            raise CommandError("AVID refers to AIID and ATLAS: say where one of them is, with --aiid or --atlas.")
        trial = measuring.cross_references(avid, aiid, atlas)
        avids = {id for id, name in trial.collection.items() if name == "avid"}
        return self._told({"avid": measuring.judge(trial, self._finder(trial), avids)})

    def _fit(self, aiid: str, aiaaic: str) -> dict[str, Any]:
        from ingest.matching import fitting

        if not (aiid and aiaaic):
            raise CommandError("--fit needs --aiid SNAPSHOT and --aiaaic FILE.")
        known = fitting.told_thrice(aiid, aiaaic)
        meaning = known.meaning()
        if meaning is None:
            raise CommandError("--fit needs search, which knows what texts mean.")
        told: dict[str, Any] = {}
        for name, finder in {"meaning": Finder(known.pool(), meaning), "words alone": Finder(known.pool())}.items():
            fit = fitting.fit(known, finder)
            self.stdout.write(f"weights, {name}: {json.dumps(fit.weights)}")
            told |= self._told({f"held-out events, {name}": fit.quality}) | {f"weights, {name}": fit.weights}
        return told

    def _finder(self, trial: Trial) -> Finder:
        meaning = trial.meaning()
        if meaning is None:
            self.stderr.write("Search is not there: measured without what texts mean.")
        return Finder(trial.pool(), meaning)

    def _told(self, judged: dict[str, Judged]) -> dict[str, Any]:
        for name, by_threshold in judged.items():
            self.stdout.write(f"{name}: {next(iter(by_threshold.values())).same} pairs")
            self.stdout.write(f"{'score from':>12}{'proposed':>10}{'right':>8}{'precision':>11}{'recall':>8}{'F1':>8}")
            for threshold, one in by_threshold.items():
                mark = " *" if threshold == THRESHOLD else ""
                self.stdout.write(
                    f"{threshold:>12.2f}{one.proposed:>10}{one.right:>8}{one.precision:>11.3f}{one.recall:>8.3f}"
                    f"{one.f1:>8.3f}{mark}"
                )
        return {
            name: {str(threshold): one.as_dict() for threshold, one in by_threshold.items()}
            for name, by_threshold in judged.items()
        }
