"""Language: by script, by stop words, by langdetect, and none where there is too little to tell."""

import polars as pl
import pytest

from assets.resources import Rules
from pipeline import language
from pipeline.language import HEAD
from pipeline.rulebook import StopWords

BOOK = Rules().book

TEXTS = {
    "en": "The ferries that were held in the harbour have sailed again, and they would stay, the owners said.",
    "de": "Die Fähren liefen am Montag wieder aus, nachdem der Hafen wegen des Sturms drei Tage lang gesperrt war.",
    "fr": "Les bateaux ont repris la mer lundi après trois jours de tempête, a annoncé la capitainerie du port.",
    "es": "Los barcos volvieron a zarpar el lunes después de tres días de tormenta, informó la autoridad del puerto.",
    "ru": "Паромы снова вышли в море в понедельник после трёх дней шторма, сообщила администрация порта.",
    "ar": "أبحرت العبارات من جديد يوم الاثنين بعد ثلاثة أيام من العاصفة، بحسب ما أعلنت إدارة الميناء في بيان.",
    "ja": "嵐のため三日間閉鎖されていた港が月曜日に再開し、フェリーが再び出航した。",
    "zh": "由于暴风雨关闭了三天的港口星期一重新开放，渡轮再次起航，港务局在声明中表示。",
    "ko": "폭풍으로 사흘 동안 폐쇄되었던 항구가 월요일에 다시 열려 여객선이 다시 출항했다고 항만청이 밝혔다.",
    "el": "Τα πλοία απέπλευσαν ξανά τη Δευτέρα μετά από τρεις ημέρες καταιγίδας, ανακοίνωσε το λιμεναρχείο.",
    "th": "เรือเฟอร์รี่กลับมาแล่นอีกครั้งในวันจันทร์หลังจากพายุสามวัน ตามที่การท่าเรือแถลง",
}


def languages(bodies: pl.Series) -> pl.DataFrame:
    return language.languages(bodies, BOOK)


def by_words(text: str) -> str | None:
    """What stop words alone tell."""
    told = language.by_words(pl.DataFrame({"row": [0], "head": [text], "letters": [len(text)]}), BOOK)
    return told["language"].item() if told.height else None


@pytest.mark.parametrize("words", BOOK.stopwords, ids=lambda x: x.language)
def test_stop_words_tell_their_language_and_not_its_neighbour(words: StopWords) -> None:
    assert by_words(words.example) == words.language
    assert by_words(words.counter) != words.language
    assert len(words.why) >= 10


def test_no_stop_word_is_of_two_languages() -> None:
    words = [word for x in BOOK.stopwords for word in x.words.split()]
    assert len(words) == len(set(words))


def test_two_languages_in_one_text_are_settled_by_neither() -> None:
    german, english = (x.example for x in sorted(BOOK.stopwords, key=lambda x: x.language)[:2])
    assert by_words(f"{german} {english}") is None


@pytest.mark.parametrize(
    ("french", "spanish", "others", "told"),
    [(1, 0, 30, "fr"), (1, 0, 40, None), (1, 1, 30, None), (4, 0, 40, "fr"), (4, 1, 40, "fr"), (4, 2, 40, None)],
)
def test_few_stop_words_settle_it_where_nothing_speaks_for_another(
    french: int, spanish: int, others: int, told: str | None
) -> None:
    assert by_words(" ".join(["dans"] * french + ["pero"] * spanish + ["kelmo"] * others)) == told


def test_stop_words_spare_langdetect(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(language, "_langdetect", lambda text: (asked.append(text), ("xx", 1.0))[1])
    languages(pl.Series([x.example for x in BOOK.stopwords] + [TEXTS["ru"], TEXTS["th"]]))
    assert asked == [TEXTS["ru"]]


@pytest.mark.parametrize("code", TEXTS)
def test_languages(code: str) -> None:
    found = languages(pl.Series([TEXTS[code]])).row(0, named=True)
    assert found["language"] == code
    assert 0.7 <= found["language_score"] <= 1


def test_rows_keep_their_order_and_repeats_agree() -> None:
    order = ["ru", "en", "ja", "ru", "fr"]
    out = languages(pl.Series([TEXTS[x] for x in order]))
    assert out["language"].to_list() == order
    assert out.columns == ["language", "language_score"]
    assert out.row(0) == out.row(3)


@pytest.mark.parametrize("text", ["", "Boats.", "12345 67890 " * 20, "港口重新開放", "😀" * 100])
def test_too_little_text_has_no_language(text: str) -> None:
    assert languages(pl.Series([text])).row(0) == (None, None)


def test_a_script_without_spaces_needs_fewer_characters() -> None:
    assert languages(pl.Series(["港口星期一重新開放了，渡輪再次起航"]))["language"].to_list() == ["zh"]


def test_unsure_is_null() -> None:
    assert languages(pl.Series([TEXTS["fr"] + TEXTS["es"]])).row(0) == (None, None)


def test_letters_that_langdetect_does_not_know() -> None:
    assert languages(pl.Series(["ᚠᚢᚦᚨᚱᚲ " * 20])).row(0) == (None, None)


def test_only_the_head_counts() -> None:
    head = (TEXTS["en"] + " ") * (HEAD // len(TEXTS["en"]) + 1)
    assert languages(pl.Series([head + TEXTS["de"] * 50]))["language"].to_list() == ["en"]


def test_no_bodies() -> None:
    out = languages(pl.Series([], dtype=pl.String))
    assert out.schema == {"language": pl.String, "language_score": pl.Float64}
    assert out.height == 0
