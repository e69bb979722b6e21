"""A design document as a question."""

from search.engines.base import IndexedPassage
from search.engines.reference import ReferenceEngine
from search.hashing_encoder import HashingEncoder
from search.long_queries import MOST_PIECES, WHOLE_CHARS, pieces
from search.ranking import rank

ENCODER = HashingEncoder(256)
TEXTS = {
    1: "A support chatbot promised a refund that the airline had never offered.",
    2: "Face recognition matched a man with a suspect, and he was arrested.",
    3: "A ferry on autopilot took a reef for open water.",
    4: "Students were accused of cheating by a detector of generated essays.",
}
FILLER = "The team meets on Mondays to look at the plan and to write down what was decided. "


def engine() -> ReferenceEngine:
    made = ReferenceEngine(ENCODER.fingerprint, ENCODER.dimension)
    made.upsert(
        [IndexedPassage(id, 10 * id, "", text, "", ENCODER.encode_query(text)) for id, text in TEXTS.items()]
        + [
            IndexedPassage(100 + id, 1000 + id, "", text, "", ENCODER.encode_query(text))
            for id, text in enumerate(f"Note {number} on gardens, soil and rain." for number in range(40))
        ]
    )
    return made


def document(*sentences: str) -> str:
    return "\n\n".join(FILLER * 9 + sentence for sentence in sentences)


def test_a_question_is_asked_whole():
    assert pieces("a chatbot") == ["a chatbot"]
    assert pieces("x" * WHOLE_CHARS) == ["x" * WHOLE_CHARS]


def test_a_document_is_asked_in_pieces_that_hold_all_of_it():
    text = document(*TEXTS.values())
    found = pieces(text)
    assert len(found) >= 4
    assert "".join("".join(found).split()) == "".join(text.split())


def test_of_an_endless_text_pieces_from_all_over_it_are_asked():
    text = "\n\n".join(f"Part {number}. " + FILLER * 8 for number in range(200))
    found = pieces(text)
    assert len(found) == MOST_PIECES
    assert found[0].startswith("Part 0.")
    assert found[-1].startswith("Part 199.")


def test_every_matter_of_a_document_is_found_however_far_back():
    question = document(TEXTS[1], TEXTS[2], TEXTS[4])
    assert len(question) > WHOLE_CHARS
    first = [entry.entry_id for entry in rank(question, engine(), ENCODER).entries[:3]]
    assert sorted(first) == [10, 20, 40]


def test_scores_are_sums_of_their_parts_and_the_answer_is_always_the_same():
    question = document("Refunds by the support chatbot.", "A ferry and its autopilot.")
    ranking = rank(question, engine(), ENCODER)
    assert ranking == rank(question, engine(), ENCODER)
    for entry in ranking.entries:
        for passage in entry.passages:
            assert passage.score == passage.keyword + passage.semantic
            assert 0 <= passage.score <= 1
    assert [entry.score for entry in ranking.entries] == sorted((e.score for e in ranking.entries), reverse=True)


def test_a_document_by_words_alone_needs_no_model(monkeypatch):
    made = engine()
    monkeypatch.setattr(HashingEncoder, "encode", lambda *_: 1 / 0)
    question = document("Refunds by the support chatbot.", "A ferry on a reef.")
    found = rank(question, made, ENCODER, mode="keyword")
    assert {entry.entry_id for entry in found.entries[:2]} == {10, 30}
    assert found.notices == []
