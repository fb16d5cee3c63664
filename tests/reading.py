"""One file through the read step, and a sentence of news in many languages, with the letters that each has."""

import polars as pl

from pipeline.faults import TODO
from pipeline.manifest import SIDECAR
from pipeline.read import read

NO_SIDECAR = SIDECAR.to_frame()
NEWS = {
    "da": "Regeringen foreslår nye tiltag, der skal støtte økonomien; Ærø og Øresund får færger igen til foråret.",
    "de": "Die Bürgermeisterin möchte die Straße für Fußgänger öffnen, weil sie künftig schöner grünen soll.",
    "en": "The mayor’s office said “no comment” – and added that the bridge had cost £5 million so far…",
    "es": "El pequeño pueblo celebró el miércoles una reunión según la cual el año próximo habrá más árboles.",
    "fr": "La mairie a annoncé jeudi qu’elle fermera le vieux théâtre, où la fête était déjà prévue à l’été.",
    "pt": "A câmara anunciou que não haverá mais eleições até março, e que a decisão não será revista.",
    "cs": "Starostka v úterý řekla, že nový most přes řeku otevřou příští měsíc, když počasí dovolí.",
    "hu": "A főváros kedden közölte, hogy a tűzoltók új épülete jövő hónapban készül el a folyó mellett.",
    "pl": "Rząd ogłosił, że nowe środki wejdą w życie w przyszłym miesiącu, jeśli sejm je przyjmie, podał też.",
    "tr": "Belediye başkanı salı günü yeni köprünün önümüzdeki ay açılacağını ve ücretsiz olacağını açıkladı.",
    "lt": "Meras antradienį paskelbė, kad naujas tiltas per upę bus atidarytas kitą mėnesį, šių žmonių labui.",
    "el": "Η δήμαρχος ανακοίνωσε την Τρίτη ότι η νέα γέφυρα θα ανοίξει τον επόμενο μήνα στην πόλη.",
    "ru": "Мэр города сообщила во вторник, что новый мост через реку откроют уже в следующем месяце.",
    "uk": "Мерка міста повідомила у вівторок, що новий міст через річку відкриють наступного місяця.",
    "ar": "أعلنت رئيسة البلدية يوم الثلاثاء أن الجسر الجديد فوق النهر سيفتح الشهر المقبل.",
    "he": "ראש העיר הודיעה ביום שלישי כי הגשר החדש מעל הנהר ייפתח בחודש הבא.",
    "hi": "महापौर ने मंगलवार को कहा कि नदी पर नया पुल अगले महीने खुलेगा।",
    "th": "นายกเทศมนตรีกล่าวเมื่อวันอังคารว่าสะพานใหม่ข้ามแม่น้ำจะเปิดในเดือนหน้า",
    "ja": "市長は火曜日、川に架かる新しい橋が来月開通すると発表した。ニュースによると、カモメが待っている。",
    "ko": "시장은 화요일 강을 건너는 새 다리가 다음 달에 개통된다고 밝혔다.",
    "zh": "市长星期二宣布，横跨河流的新桥将于下个月通车，市民对此表示欢迎。",
    "zh-tw": "市長週二宣布，橫跨河流的新橋將於下個月通車，市民對此表示歡迎。",
}


def one(data: bytes) -> dict[str, object]:
    """The row of TEXTS or REJECTED that one file gives."""
    texts, rejected = read(pl.DataFrame({"path": ["a.txt"], "raw": [data]}), NO_SIDECAR)
    assert len(texts) + len(rejected) == 1
    return (texts if len(texts) else rejected).row(0, named=True)


def reason(data: bytes) -> object:
    row = one(data)
    assert row["todo"] == TODO[str(row["reason"])]
    return row["reason"]
