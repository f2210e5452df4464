"""Short everyday lines, by nobody whose texts were learnt: a triage that cries wolf here is soon not looked at.

Eight of them are what everybody says ("Ja.", "Guten Abend", "Moment, es klingelt.") and stand in what was learnt, too.
"""

import pytest

from counselling.sla import Urgency
from counselling.triage.engine import rate
from counselling.triage.rating import Turn

MOST = 0.05  # of them may alarm
LINES = """
Wie melde ich mein Kind in der Kita an?
Mein Sohn will nicht ins Bett.
Meine Tochter isst kein Gemüse.
Er ist immer müde.
Hallo
Guten Abend
Hi ist da jemand?
Ich bin so müde.
Mein Mann hilft nicht mit.
Wir streiten uns oft ums Geld.
Das Baby schreit viel.
Mein Baby schläft nur auf dem Arm.
Danke für Ihre Antwort.
Er will nicht in die Schule.
Sie ist in der Pubertät.
Mein Ex zahlt keinen Unterhalt.
Ich habe eine Frage zum Umgang.
Er kommt am Wochenende.
Sie kommt jeden Abend zu spät nach Hause.
Mein Kind hat Angst vor der Schule.
Sie redet nicht mehr mit mir.
Kann ich morgen nochmal schreiben?
Wir ziehen bald um.
Mein Vater ist gestorben.
Unser Hund ist gestern gestorben.
Ich bin schwanger.
Er hat Fieber, 38,2, trinkt aber gut.
Sie beißt andere Kinder.
Ich weiß nicht weiter mit den Hausaufgaben.
Er geht jetzt in die dritte Klasse.
Sie schläft jetzt.
Bin wieder da.
Ja.
Nein.
Weiß nicht.
Moment, es klingelt.
Unser Großer räumt nie auf.
Die Kleine zahnt gerade.
Er lügt bei Kleinigkeiten.
Sie will immer das Tablet.
Mein Freund arbeitet zu viel.
Oma mischt sich ständig ein.
Ab wann braucht man einen Kinderpass?
Er trödelt jeden Morgen.
Sie hat eine Fünf in Mathe.
Ich komme zu nichts mehr.
Wir haben uns getrennt, es läuft aber gut.
Er ruft seine Oma nie an.
Das war heute ein langer Tag.
Meine Schwiegermutter nervt.
Er findet keine Freunde in der neuen Klasse.
Sie weint beim Abgeben in der Kita.
Ich bin im dritten Monat und mir ist schlecht.
Wie viel Fernsehen ist okay mit fünf?
Mein Enkel will nur noch zocken.
Sie streiten um jedes Spielzeug.
Er nässt nachts wieder ein.
Darf der Vater mit in den Urlaub?
Wir warten noch auf den Bescheid.
Ok, das mache ich so, danke.
""".strip().splitlines()


def test_everyday_lines_hardly_ever_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    alarmed = [line for line in LINES if rate([("client", line)]).level != Urgency.NORMAL]
    with capsys.disabled():
        print(f"\nTriage of {len(LINES)} everyday lines: {len(alarmed)} alarm")
    assert len(alarmed) <= MOST * len(LINES), alarmed


def test_thanks_do_not_add_up() -> None:
    talk: list[Turn] = [("client", "Mein Sohn schläft nicht. Was kann ich tun?")]
    talk += [("client", "Danke. Noch eine Frage dazu.")] * 4
    assert rate(talk).level == Urgency.NORMAL
