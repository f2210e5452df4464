"""Write 420 fictitious services (HSDS): `python -m tests.referrals.search.make_services`.

Titles and texts are in the language of providers; the words of the queries are kept out of them, so
that a search finds them by meaning and not by letters. Names, streets and numbers are invented.
"""

import json
import random
import uuid
from pathlib import Path

TARGET = Path(__file__).parent / "data" / "services.json"
EACH = 15
SPACE = uuid.UUID("6f0c3f8e-5e0c-4d57-9f0e-8a8d1c0b7a11")
TOWNS = [
    ("Köln", "50667", "NW", "05315", 50.938, 6.957), ("Berlin", "10115", "BE", "11000", 52.532, 13.385),
    ("Essen", "45127", "NW", "05113", 51.457, 7.012), ("Hamburg", "20095", "HH", "02000", 53.551, 10.000),
    ("München", "80331", "BY", "09162", 48.137, 11.575), ("Leipzig", "04109", "SN", "14713", 51.340, 12.375),
    ("Hannover", "30159", "NI", "03241", 52.375, 9.732), ("Freiburg", "79098", "BW", "08311", 47.995, 7.850),
    ("Bielefeld", "33602", "NW", "05711", 52.021, 8.532), ("Dortmund", "44135", "NW", "05913", 51.514, 7.465),
    ("Regensburg", "93047", "BY", "09362", 49.017, 12.097), ("Kiel", "24103", "SH", "01002", 54.323, 10.133),
    ("Erfurt", "99084", "TH", "16051", 50.978, 11.029), ("Mainz", "55116", "RP", "07315", 50.000, 8.271),
    ("Rostock", "18055", "MV", "13003", 54.088, 12.140),
]  # fmt: skip
PROVIDERS = [
    "Sozialwerk Ahornweg", "Verein Brückenpfeiler", "Diakonieverbund Musterland", "Fachdienste Kranich",
    "Gemeinnützige Gesellschaft Lindenhof", "Trägerverbund Morgenrot", "Stadtverwaltung", "Kompass gGmbH",
]  # fmt: skip
HOURS = [
    "Mo-Fr 09:00-12:00; PH off",
    "Mo-Th 08:30-16:00",
    "Mo,We 14:00-18:00, Fr 09:00-11:00",
    "24/7",
    "",
]
LANGUAGES = ["de", "en", "tr", "ar", "uk", "ru", "pl"]
# Of each kind: titles, and texts in the words of professionals.
KINDS: dict[str, tuple[list[str], list[str]]] = {
    "erziehungsberatung": (
        [
            "Psychologische Fachstelle",
            "Institut Ahorn",
            "Fachdienst für Elternfragen",
            "Stelle nach § 28 SGB VIII",
            "Haus der Ratsuchenden",
        ],
        [
            "Fachkräfte aus Psychologie und Sozialpädagogik klären mit Ihnen die Lage und vereinbaren Termine.",
            "Diagnostik, systemische Sitzungen und Einzelgespräche, vertraulich.",
        ],
    ),
    "fruehe_hilfen": (
        ["Koordination Guter Beginn", "Netzwerk Anfang", "Stelle Wegbereiter", "Team Wiegenlied"],
        [
            "Wir lotsen durch Angebote der Kommune und vermitteln aufsuchende Fachkräfte im Rahmen der Bundesinitiative.",
            "Anlaufstelle nach dem KKG für die ersten drei Lebensjahre.",
        ],
    ),
    "familienhebamme": (
        [
            "Aufsuchende Gesundheitspflege",
            "Pflegedienst Storchennest",
            "Praxis Rosengarten",
            "Team Visite",
        ],
        [
            "Qualifizierte Fachkräfte der Gesundheitspflege suchen Sie auf, längstens bis zum ersten Geburtstag.",
            "Leistung nach § 134a SGB V und darüber hinaus.",
        ],
    ),
    "schreiambulanz": (
        [
            "Spezialsprechstunde Regulation",
            "Interaktionsdiagnostik am Klinikum",
            "Sprechstunde Stille Nacht",
            "Fachstelle Einklang",
        ],
        [
            "Videogestützte Interaktionsdiagnostik für die ersten Lebensmonate, kurzfristige Termine.",
            "Körperpsychotherapeutische Begleitung nach Harms.",
        ],
    ),
    "schwangerschaftsberatung": (
        [
            "Anerkannte Stelle nach §§ 2, 5 SchKG",
            "Fachstelle Lebensanfang",
            "Haus Hoffnung",
            "Stelle Guter Rat",
        ],
        [
            "Wir informieren nach dem Gesetz, ergebnisoffen und unter Schweigepflicht.",
            "Ausstellung des Nachweises nach § 7, Vermittlung von Stiftungsmitteln.",
        ],
    ),
    "schuldnerberatung": (
        [
            "Anerkannte Stelle nach § 305 InsO",
            "Fachdienst Finanzen",
            "Kompetenzzentrum Wirtschaftliche Stabilität",
            "Büro Neuanfang",
        ],
        [
            "Regulierung, außergerichtliche Einigung und Ausstellung von Nachweisen für Geldinstitute.",
            "Wir verhandeln mit Forderungsinhabern und begleiten durch das gerichtliche Verfahren.",
        ],
    ),
    "suchtberatung": (
        [
            "Fachambulanz",
            "Haus Klarheit",
            "Stelle für Prävention und Rehabilitation",
            "Fachstelle Nüchtern",
        ],
        [
            "Ambulante Rehabilitation, Vermittlung in stationäre Maßnahmen, Nachsorge.",
            "Für Konsumierende und ihr Umfeld; Vorgespräch erforderlich.",
        ],
    ),
    "frauenhaus": (
        ["Haus Zuversicht", "Haus Efeu", "Autonomes Projekt Rosa", "Haus am geheimen Ort"],
        [
            "Aufnahme rund um die Uhr nach telefonischer Klärung, Lage vertraulich.",
            "Vorübergehendes Wohnen mit sozialpädagogischer Begleitung nach der Istanbul-Konvention.",
        ],
    ),
    "gewaltberatung": (
        [
            "Fachstelle Courage",
            "Interventionsprojekt Lichtblick",
            "Stelle Rückhalt",
            "Zentrum Mutig",
        ],
        [
            "Begleitung nach polizeilichem Einsatz, Information über rechtliche Schritte.",
            "Parteiliche, traumasensible Gespräche für Betroffene und ihr Umfeld.",
        ],
    ),
    "kinderschutz_jugendamt": (
        [
            "Fachbereich 51",
            "Bezirkssozialarbeit",
            "Regionalteam Nord",
            "Abteilung Hilfen nach § 27",
        ],
        [
            "Gefährdungseinschätzung, Hilfeplanung und Gewährung ambulanter und stationärer Leistungen nach SGB VIII.",
            "Zuständig nach Wohnbezirk; Bereitschaft außerhalb der Dienstzeit über die Leitstelle.",
        ],
    ),
    "krisendienst": (
        [
            "Rufbereitschaft Seele",
            "Mobiles Einsatzteam",
            "Leitstelle Lebensmut",
            "Ambulanz Rettungsanker",
        ],
        [
            "Aufsuchende multiprofessionelle Teams, Tag und Nacht erreichbar, auch für das Umfeld.",
            "Akutgespräche ohne Termin, bei Bedarf Einweisung nach PsychKG.",
        ],
    ),
    "psychotherapie_kinder": (
        [
            "Praxis Dr. Sommerfeld",
            "Praxisgemeinschaft Seerose",
            "Institutsambulanz",
            "Medizinisches Versorgungszentrum Birke",
        ],
        [
            "Richtlinienverfahren, probatorische Sitzungen, alle Kassen; Altersgruppe bis 21.",
            "Testdiagnostik und Behandlung nach Überweisung, Elterngespräche begleitend.",
        ],
    ),
    "fruehfoerderung": (
        [
            "Interdisziplinäre Stelle nach § 46 SGB IX",
            "Zentrum Schritt für Schritt",
            "Praxisverbund Wachsen",
            "Haus Löwenzahn",
        ],
        [
            "Heilpädagogische und medizinisch-therapeutische Komplexleistung bis zum Schuleintritt.",
            "Interdisziplinäre Eingangsdiagnostik, mobil und ambulant.",
        ],
    ),
    "familienzentrum": (
        [
            "Haus Regenbogen",
            "Begegnungsstätte Apfelbaum",
            "Quartiershaus Mitte",
            "Kultur- und Bildungshaus",
        ],
        [
            "Programm mit wechselnden Vormittagen, Anmeldung nicht nötig.",
            "Offene Räume, Kursprogramm und Veranstaltungen im Stadtteil.",
        ],
    ),
    "elternkurs": (
        [
            "Akademie Gelassenheit",
            "Seminarreihe Miteinander",
            "Programm Wegweiser",
            "Bildungswerk am Park",
        ],
        [
            "Acht Abende mit Übungen, Gruppen bis zwölf Personen, Leitung zertifiziert.",
            "Präventionsprogramm mit wissenschaftlich geprüftem Lehrplan.",
        ],
    ),
    "stillberatung": (
        [
            "Praxis Milchstraße",
            "Sprechstunde am Perinatalzentrum",
            "Fachpraxis Nähren",
            "Ambulanz Anlegen",
        ],
        [
            "Examinierte Fachkräfte mit internationalem Zertifikat, Termine binnen zwei Tagen.",
            "Individuelle Anleitung nach WHO-Empfehlung, bei Bedarf Verleih von Geräten.",
        ],
    ),
    "trennungsberatung": (
        ["Fachstelle Neue Wege", "Institut Vermittlung", "Stelle Zwei Häuser", "Büro Ausgleich"],
        [
            "Vermittlungsgespräche nach § 17 SGB VIII, auf Empfehlung des Gerichts oder freiwillig.",
            "Durchführung von Kontakten in geschützten Räumen nach § 1684 BGB.",
        ],
    ),
    "migrationsberatung": (
        [
            "Fachdienst nach § 45 AufenthG",
            "Welcome Point",
            "Haus der Vielfalt",
            "Servicestelle Ankommen",
        ],
        [
            "Case Management, Orientierung im Alltag, Kontakt zu Behörden.",
            "Vermittlung geschulter Personen für Gespräche und Lehrgänge des Bundes.",
        ],
    ),
    "wohnungsnotfall": (
        [
            "Zentrale Fachstelle nach § 67 SGB XII",
            "Präventionsstelle Zuhause",
            "Dienst Obdach",
            "Ambulante Hilfe Schlüssel",
        ],
        [
            "Wir sichern bestehende Verhältnisse, verhandeln und vermitteln vorübergehende Plätze.",
            "Prävention, Vermittlung und Nachbetreuung im eigenen Haushalt.",
        ],
    ),
    "kinderarzt_notdienst": (
        [
            "Bereitschaftsambulanz am Klinikum",
            "KV-Praxis am Hospital",
            "Pädiatrische Akutambulanz",
            "Zentrale Praxis der Kassenärztlichen Vereinigung",
        ],
        [
            "Medizinische Versorgung Minderjähriger außerhalb der Sprechzeiten, Versichertenkarte mitbringen.",
            "Akutbehandlung ohne Termin durch Fachärzte für Pädiatrie.",
        ],
    ),
    "tagespflege_kita": (
        [
            "Haus Sonnenkäfer",
            "Fachvermittlung nach § 23 SGB VIII",
            "Einrichtung Wichtelwald",
            "Die kleinen Strolche",
        ],
        [
            "Altersgemischte Gruppen, Öffnung von 7 bis 17 Uhr, Aufnahme ab zehn Monaten.",
            "Qualifizierte Personen mit Erlaubnis nach § 43, Vermittlung und Fachaufsicht.",
        ],
    ),
    "selbsthilfe": (
        [
            "Büro Gemeinsam",
            "Treffpunkt Du und Ich",
            "Kontakt- und Informationsstelle",
            "Forum Miteinander",
        ],
        [
            "Wir vermitteln in rund 200 Zusammenschlüsse zu Gesundheit und Sozialem und unterstützen Gründungen.",
            "Regelmäßige Treffen ohne fachliche Leitung, vertraulich.",
        ],
    ),
    "ehrenamt_familienpatenschaft": (
        [
            "Projekt Zeitschatz",
            "Agentur Engagiert",
            "Initiative Rückenwind",
            "Netz der guten Geister",
        ],
        [
            "Geschulte Bürgerinnen und Bürger begleiten einmal in der Woche zu Hause, fachlich angeleitet.",
            "Vermittlung, Schulung und Begleitung von Engagierten für das erste Jahr.",
        ],
    ),
    "nachhilfe_lernfoerderung": (
        [
            "Bildungswerk Pfiffikus",
            "Projekt Durchstarter",
            "Institut Wortreich",
            "Lernwerkstatt Eule",
        ],
        [
            "Kleingruppen am Nachmittag, Abrechnung über den Leistungsträger möglich.",
            "Integrative Therapie nach Testung, Zusammenarbeit mit Lehrkräften.",
        ],
    ),
    "medienberatung": (
        ["Fachstelle Digital", "Projekt Bildpunkt", "Stelle Netzwelt", "Labor Pixel"],
        [
            "Workshops und Einzelgespräche zu digitalen Lebenswelten, auch für pädagogisches Personal.",
            "Pädagogische Einordnung, Präventionsarbeit und Vorträge.",
        ],
    ),
    "trauerbegleitung": (
        ["Zentrum Lichtung", "Verein Regenbogenbrücke", "Haus Abendstern", "Dienst Lebewohl"],
        [
            "Qualifizierte Begleitung einzeln und in festen Kreisen, überkonfessionell.",
            "Ambulante Unterstützung ab der Diagnose und darüber hinaus, für alle Altersstufen.",
        ],
    ),
    "muetter_kur": (
        [
            "Beratungs- und Vermittlungsstelle nach § 24 SGB V",
            "Klinik Dünenblick",
            "Therapeutische Einrichtung Bergfrieden",
            "Antragsstelle Gesundheit",
        ],
        [
            "Stationäre Maßnahmen der Vorsorge und Rehabilitation nach §§ 24, 41 SGB V, dreiwöchig.",
            "Klärung des Anspruchs, Attestformulare, Auswahl der Klinik und Nachsorge.",
        ],
    ),
    "familienkasse_finanzhilfe": (
        [
            "Behörde für Transferleistungen",
            "Servicepunkt Leistungen",
            "Kundenzentrum Agentur",
            "Allgemeine Anlaufstelle Existenzsicherung",
        ],
        [
            "Bearbeitung von Ansprüchen nach BKGG und BEEG, Nachweise bitte mitbringen.",
            "Klärung von Ansprüchen, Erläuterung von Bescheiden, Ausgabe von Vordrucken.",
        ],
    ),
}


def service(code: str, at: int, chance: random.Random) -> dict[str, object]:
    """Return one service. at: its number within its kind."""
    titles, texts = KINDS[code]
    town, postcode, land, ags, latitude, longitude = TOWNS[at % len(TOWNS)]
    own = uuid.uuid5(SPACE, f"{code}-{at}")

    def made(kind: str) -> str:
        return str(uuid.uuid5(own, kind))

    secret = code == "frauenhaus"
    hours = chance.choice(HOURS)
    row: dict[str, object] = {
        "id": str(own),
        "name": f"{titles[at % len(titles)]} {town}" if not secret else titles[at % len(titles)],
        "description": texts[at % len(texts)],
        "status": "active",
        "organization": {
            "id": made("organization"),
            "name": f"{PROVIDERS[at % len(PROVIDERS)]} {town}",
            "description": "Fiktiver Träger.",
        },
        "languages": [
            {"id": made(f"language-{code}"), "code": code}
            for code in ["de", *chance.sample(LANGUAGES[1:], 2)]
        ],
        "attributes": [
            {
                "id": made("attribute"),
                "link_entity": "service",
                "taxonomy_term": {
                    "id": str(uuid.uuid5(SPACE, code)), "code": code, "name": code, "description": code,
                },
            }
        ],
        "service_areas": [{"id": made("area"), "name": town, "ags": ags}],
        "confidential_address": secret,
        "free_of_charge": chance.random() < 0.7,
        "anonymous_possible": chance.random() < 0.5,
        "accepts_referrals": chance.random() < 0.5,
        "capacity_code": chance.choice(["frei", "warteliste", "voll", "unbekannt"]),
        "assured_until": "2027-06-30",
    }  # fmt: skip
    if hours:
        row["opening_hours"] = hours
    if not secret:
        location = {
            "id": made("location"), "location_type": "physical", "ags": ags,
            "latitude": round(latitude + chance.uniform(-0.03, 0.03), 4),
            "longitude": round(longitude + chance.uniform(-0.03, 0.03), 4),
            "addresses": [
                {
                    "id": made("address"), "address_1": f"Musterweg {at + 1}", "city": town,
                    "state_province": land, "postal_code": postcode, "country": "DE",
                    "address_type": "physical",
                }
            ],
        }  # fmt: skip
        row["service_at_locations"] = [{"id": made("sal"), "location": location}]
    return row


def main() -> None:
    """Write all services, the same each time."""
    chance = random.Random(7)
    rows = [service(code, at, chance) for code in KINDS for at in range(EACH)]
    TARGET.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} services")


if __name__ == "__main__":
    main()
