"""One day, one age: every month of every language, figures in their order, and nothing that is not printed."""

import datetime as dt

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.days import _from_words, _parsed, age_of, day_of
from pipeline.matching import rule_of
from pipeline.rulebook import Rulebook

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "en short": "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "de short": "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "fr short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "es short": "ene feb mar abr may jun jul ago sep oct nov dic",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "it short": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "pt short": "jan fev mar abr mai jun jul ago set out nov dez",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "is": "janúar febrúar mars apríl maí júní júlí ágúst september október nóvember desember",
    "et": "jaanuar veebruar märts aprill mai juuni juuli august september oktoober november detsember",
    "sk": "januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra",
    "sl": "januarja februarja marca aprila maja junija julija avgusta septembra oktobra novembra decembra",
    "hr": "siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna listopada studenoga prosinca",
    "sr": "јануар фебруар март април мај јун јул август септембар октобар новембар децембар",
    "bg": "януари февруари март април май юни юли август септември октомври ноември декември",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "be": "студзеня лютага сакавіка красавіка мая чэрвеня ліпеня жніўня верасня кастрычніка лістапада снежня",
    "el": "Ιανουαρίου Φεβρουαρίου Μαρτίου Απριλίου Μαΐου Ιουνίου Ιουλίου Αυγούστου Σεπτεμβρίου Οκτωβρίου Νοεμβρίου "
    "Δεκεμβρίου",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "sq": "janar shkurt mars prill maj qershor korrik gusht shtator tetor nëntor dhjetor",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "az": "yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "ur": "جنوری فروری مارچ اپریل مئی جون جولائی اگست ستمبر اکتوبر نومبر دسمبر",
    "he": "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר",
    "hi": "जनवरी फरवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "bn": "জানুয়ারি ফেব্রুয়ারি মার্চ এপ্রিল মে জুন জুলাই আগস্ট সেপ্টেম্বর অক্টোবর নভেম্বর ডিসেম্বর",
    "th": "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม",
    "id": "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember",
    "sw": "Januari Februari Machi Aprili Mei Juni Julai Agosti Septemba Oktoba Novemba Desemba",
    "ka": "იანვარი თებერვალი მარტი აპრილი მაისი ივნისი ივლისი აგვისტო სექტემბერი ოქტომბერი ნოემბერი დეკემბერი",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
}


def test_every_month_of_every_language_is_a_day_and_a_date_line(rules: Rulebook) -> None:
    named = [(code, n, f"14. {name} 2023") for code in MONTHS for n, name in enumerate(MONTHS[code].split(), 1)]
    assert [line for code, n, line in named if day_of(line, code[:2]) != dt.date(2023, n, 14)] == []
    lines = [line for _, _, line in named]
    told = rule_of(pl.Series(lines), rules)
    assert [line for line, rule in zip(lines, told, strict=True) if rule != "timestamp/day"] == []


def test_ages_that_are_none() -> None:
    assert age_of("Ferries", "en") is None
    assert age_of("in 2 hours", "en") is None
    assert day_of("Ferries 14, 2023", "en") is None


@given(day=st.dates(dt.date(1990, 1, 1), dt.date(2049, 12, 31)))
def test_figures_are_read_as_printed_or_not_at_all(day: dt.date) -> None:
    printed = f"{day.day}/{day.month}/{day.year}"
    assert day_of(printed, order="DMY") == day
    assert day_of(f"{day.month}/{day.day}/{day.year}", order="MDY") == day
    assert day_of(day.isoformat()) == day
    ambiguous = day.day <= 12 and day.day != day.month
    assert day_of(printed) == (None if ambiguous else day)


@given(text=st.text(st.characters(categories=("L", "N", "P", "Zs")), max_size=40))
def test_words_give_a_day_only_with_its_figures(text: str) -> None:
    found = day_of(text)
    assert found is None or (str(found.day) in text and str(found.year)[-2:] in text)


@given(
    st.sampled_from([(code[:2], month) for code in MONTHS for month in (*MONTHS[code].split(), "Junk")]),
    st.integers(0, 33),
    st.integers(1898, 2101),
    st.sampled_from(
        ("{} {} {}", "{:02}. {} {}", "{} de {} de {}", "{}-{}-{}", "{}{} {}", "{}. {}, {} 3", "{1} {0}, {2}")
    ),
)
@settings(max_examples=300)
def test_a_form_is_read_once_for_all_its_days(named: tuple[str, str], day: int, year: int, form: str) -> None:
    language, month = named
    piece = form.format(day, month, year)
    assert _from_words(piece, language) == _parsed(piece, language)


SUFFIXES = ("", "st", "nd", "rd", "th")


@given(
    st.integers(0, 32),
    st.sampled_from(
        "January Feb mar APRIL May june Jul. august Sept Sep. September OCT nov Dec. Marc Sepember".split()
    ),
    st.integers(1890, 2110),
    st.sampled_from(SUFFIXES),
    st.sampled_from(("", ",")),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_common_english_days_are_read_as_dateparser_reads_them(
    day: int, month: str, year: int, suffix: str, comma: str, day_first: bool
) -> None:
    piece = f"{day}{suffix} {month}{comma} {year}" if day_first else f"{month} {day}{suffix}{comma} {year}"
    slow = _parsed(piece, "en")
    assert day_of(piece, "en") == slow
