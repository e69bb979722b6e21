"""The job that adapts the encoder: pairs, training, judging, embedding, swapping; each step can be repeated.

What costs time is done in processes of lowest priority (search.tuning.child). The job's cursor names the step and the
encoder; the training leaves checkpoints, and embeddings are kept as they are made, so that a job that was cut short,
or handed on because its turn was over, goes on where it was.
"""

import shutil
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta

from django.conf import settings

from kb.jobs import JobFailed, Run
from kb.models import Entry
from search import indexing
from search.encoder import Encoder
from search.errors import IndexBusy, SemanticUnavailable
from search.models import EncoderState, Passage, TunedEncoder
from search.progress import Counted
from search.tuning import beside, chosen, collection, measuring, training, verdict
from search.tuning import pairs as pairing
from search.tuning.recipe import RECIPE, Recipe, digest
from search.tuning.verdict import Change

WAIT_S = 30.0
BUSY_AGAIN = timedelta(minutes=1)
SHOW_EVERY_S = 1.0
QUIET_S = 10.0
EMBEDDED_AT_ONCE = 64
HELD_OUT = "held-out pairs"


def tune(run: Run) -> bool:
    """The handler of `tune` jobs: an encoder adapted to this collection, in use at the end if it is better."""
    try:
        while True:
            step = STEPS[run.job.cursor.get("step", "gather")]
            following = step(run)
            if following is None:
                return False
            if following == "":
                return True
            with run.batch():
                run.job.cursor = {**run.job.cursor, "step": following}
    except (SemanticUnavailable, beside.ChildFailed, pairing.TooFew) as error:
        raise JobFailed(str(error)) from error


def recipe() -> Recipe:
    return RECIPE


def _gather(run: Run) -> str | None:
    """Choose the pairs, and note the encoder that is to be made of them."""
    run.phase("Looking for pairs to learn from")
    base = chosen.base_files()
    all_pairs = pairing.chosen(collection.pairs())
    train, held = pairing.split(all_pairs)
    name = chosen.new_name(digest(all_pairs, recipe()))
    known = TunedEncoder.objects.filter(name=name).first()
    if known is not None and known.state not in (EncoderState.CANDIDATE, EncoderState.DECLINED):
        raise JobFailed(
            f"There is nothing new to learn: {name} was made of these very pairs and is "
            f"{known.get_state_display().lower()}. {known.verdict}"
        )
    workshop = chosen.workshop(name)
    for other in chosen.models().glob(f"*{chosen.MARK}*.training"):
        if other != workshop:
            shutil.rmtree(other, ignore_errors=True)  # of a job that was cancelled, about other pairs
    if not training.is_trained(workshop):
        training.prepare(workshop, base.path, train, recipe())
    pairing.write(workshop / "held.jsonl", held)
    with run.batch():
        row, _ = TunedEncoder.objects.update_or_create(
            name=name,
            defaults={
                "base": chosen.base_mark(base),
                "digest": name.rpartition("-")[2],
                "pairs": {**Counter(pair.kind for pair in train), "held out": len(held)},
                "recipe": recipe().as_json(),
                "entries": Entry.objects.count(),
                "previous": chosen.in_use(),
                "state": EncoderState.CANDIDATE,
            },
        )
        run.job.cursor = {**run.job.cursor, "encoder": row.pk}
        run.job.parameters = {**run.job.parameters, "encoder": name}
        run.count("pairs", len(train))
        run.count("held_out", len(held))
    return "train"


def _train(run: Run) -> str | None:
    row = _row(run)
    workshop = chosen.workshop(row.name)
    run.phase("Training")
    clock, shown = time.monotonic(), 0.0
    with closing(beside.train(workshop)) as steps:
        for progress in steps:
            now = time.monotonic()
            if progress is None:  # it is being started, or a step takes long
                if now - shown > QUIET_S:
                    shown = now
                    run.phase(run.job.phase)
                continue
            if now - shown < SHOW_EVERY_S and progress.done < progress.total:
                continue
            with run.batch():
                run.job.done, run.job.total = progress.done, progress.total
                run.job.phase = f"Training: loss {progress.loss:.2f}"
                run.job.cursor = {**run.job.cursor, "seconds": run.job.cursor.get("seconds", 0) + round(now - clock, 1)}
            clock = shown = now
            if run.time_is_up and progress.done < progress.total:
                return None
    with run.batch():
        row.seconds = {"training": round(run.job.cursor.get("seconds", 0)), "steps": run.job.total}
        row.save(update_fields=["seconds"])
    return "judge"


def _judge(run: Run) -> str | None:
    row = _row(run)
    workshop = chosen.workshop(row.name)
    final = chosen.folder(row.name)
    if (workshop / "trained").is_dir():
        # It has its name from here on: the name stands in the fingerprint of its vectors.
        if not final.is_dir():
            (workshop / "trained").replace(final)
    elif not final.is_dir():
        raise JobFailed(f"{workshop} is gone, and with it what was trained: start again with manage.py tune")
    changes = _judged(run, row)
    kept = verdict.is_kept(changes)
    with run.batch():
        row.figures = [one.as_json() for one in changes]
        row.verdict = verdict.told(changes)
        row.state = EncoderState.KEPT if kept else EncoderState.REFUSED
        row.save(update_fields=["figures", "verdict", "state"])
        for one in changes:
            run.problem(row.name, str(one))
        run.problem(row.name, row.verdict)
    if kept:
        return "embed"
    chosen.forget(row)
    return ""


def _judged(run: Run, row: TunedEncoder) -> list[Change]:
    """What was measured; no more than the first measure when that is enough to refuse."""
    workshop = chosen.workshop(row.name)
    held, others = pairing.read(workshop / "held.jsonl"), pairing.read(workshop / "pairs.jsonl")
    with beside.ChildEncoder(settings.KB_EMBEDDER) as base, beside.ChildEncoder(str(chosen.folder(row.name))) as tuned:
        run.phase(f"Judging by {HELD_OUT}")
        before = list(measuring.found_again(base, held, others))
        _breathe(run)()
        changes = [verdict.change(HELD_OUT, before, list(measuring.found_again(tuned, held, others)))]
        if row.previous is not None and chosen.folder(row.previous.name).is_dir():
            with beside.ChildEncoder(str(chosen.folder(row.previous.name))) as rival:
                now = list(measuring.found_again(rival, held, others))
            after = list(measuring.found_again(tuned, held, others))
            changes.append(verdict.change(f"{HELD_OUT}, against {row.previous.name}", now, after, must_gain=False))
        if not verdict.is_kept(changes):
            return changes
        for questions in measuring.judged():
            run.phase(f"Judging by the {len(questions.questions)} questions of {questions.name}")
            old, new = (
                measuring.answered(model, questions, ("vector", "hybrid"), _breathe(run)) for model in (base, tuned)
            )
            changes.append(verdict.change(f"{questions.name}, meaning", old["vector"], new["vector"]))
            changes.append(
                verdict.change(f"{questions.name}, words and meaning", old["hybrid"], new["hybrid"], must_gain=False)
            )
    return changes


def _embed(run: Run) -> str | None:
    """Embed all passages beside, while the index goes on with the model that it has."""
    row = _row(run)
    began, made, last = time.monotonic(), 0, run.job.cursor.get("passage", 0)
    run.phase("Embedding everything with the new encoder")
    passages = Passage.objects.select_related("entry").defer("entry__body", "entry__facts").order_by("pk")
    with beside.ChildEncoder(str(chosen.folder(row.name))) as model:
        while rows := list(passages.filter(pk__gt=last)[:EMBEDDED_AT_ONCE]):
            indexing.embed(model, [(passage.entry.title, passage) for passage in rows])
            last, made = rows[-1].pk, made + len(rows)
            with run.batch():
                run.job.cursor = {**run.job.cursor, "passage": last}
                run.job.done, run.job.total = Passage.objects.filter(pk__lte=last).count(), Passage.objects.count()
            if run.time_is_up:
                return None
    with run.batch():
        row.seconds = {**row.seconds, "embedding": round(time.monotonic() - began), "passages": made}
        row.save(update_fields=["seconds"])
    return "swap"


def _swap(run: Run) -> str | None:
    """Build the index anew of what is embedded, which is quick, and choose the encoder."""
    row = _row(run)
    run.phase("Building the new index beside the old one")

    def show(done: int, total: int) -> None:
        with run.batch():
            run.job.done, run.job.total = done, total

    try:
        use(row, show, WAIT_S)
    except IndexBusy:
        run.later(BUSY_AGAIN)
        return None
    shutil.rmtree(chosen.workshop(row.name), ignore_errors=True)
    return ""


STEPS: dict[str, Callable[[Run], str | None]] = {
    "gather": _gather,
    "train": _train,
    "judge": _judge,
    "embed": _embed,
    "swap": _swap,
}
"""Each returns the step that follows, "" at the end, and None when its turn is over before it is done."""


def use(row: TunedEncoder | None, progress: Counted | None = None, wait: float = 0.0) -> int:
    """Build the index anew with this encoder, None for the base, and choose it when it is swapped in; how many entries.

    Stored embeddings are used again. Raises IndexBusy, and SemanticUnavailable where its folder is gone; then nothing
    has changed.
    """
    name = settings.KB_EMBEDDER if row is None else str(chosen.folder(row.name))
    model: Encoder = chosen.load(name)
    done = indexing.rebuild(progress, wait, model=model)
    chosen.choose(row)
    _let_go_of_the_old(row)
    return done


def back(progress: Counted | None = None, wait: float = 0.0) -> TunedEncoder | None:
    """Go back to the encoder that was in use before this one; which that is, None for the base.

    Raises LookupError when no adapted encoder is in use.
    """
    current = chosen.in_use()
    if current is None:
        raise LookupError("no adapted encoder is in use: there is nothing to go back from")
    former = current.previous
    while former is not None and not chosen.folder(former.name).is_dir():
        former = former.previous
    use(former, progress, wait)
    return former


def _let_go_of_the_old(row: TunedEncoder | None) -> None:
    """Keep the weights and vectors of what is in use and of the one before it, and of no other."""
    if row is None:
        return
    kept = [pk for pk in (row.pk, row.previous_id) if pk]
    for other in TunedEncoder.objects.filter(state=EncoderState.RETIRED).exclude(pk__in=kept):
        chosen.forget(other)


def _row(run: Run) -> TunedEncoder:
    row = TunedEncoder.objects.select_related("previous").filter(pk=run.job.cursor.get("encoder")).first()
    if row is None:
        raise JobFailed("what is known of this encoder was removed: start again with manage.py tune")
    return row


def _breathe(run: Run) -> Callable[[], None]:
    """Between two portions of work: see that the job is still ours to do."""

    def look() -> None:
        with run.batch():
            pass

    return look
