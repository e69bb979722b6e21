"""Finding and reading in a real browser, with scripts."""

import re
import threading

import pytest
from playwright.sync_api import Page, expect

from kb.models import Job
from tests.factories import make_entry, make_reference, make_user

pytestmark = [pytest.mark.usefixtures("collection"), pytest.mark.once]


def test_from_the_first_page_to_an_entry(page: Page, live_server):
    page.goto(live_server.url)
    expect(page.get_by_label("Describe what you are about to build")).to_be_focused()
    page.keyboard.type("a chatbot that pays a refund")
    page.keyboard.press("Enter")

    page.get_by_role("link", name=re.compile("Airline bot promised")).click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Airline bot promised a refund")
    expect(page.get_by_role("link", name="AIID 639")).to_have_attribute("href", "https://incidentdatabase.ai/cite/639/")
    page.get_by_text("Full text (CC-BY-4.0)").click()
    expect(page.get_by_text("All of it. All of it.")).to_be_visible()


def test_results_come_as_one_types_and_are_one_step_in_the_history(page: Page, live_server):
    page.goto(f"{live_server.url}/")
    page.goto(f"{live_server.url}/search/")
    page.evaluate("window.same = true")

    page.get_by_label("What are you looking for?").press_sequentially("refund chatbot", delay=20)

    expect(page.locator(".hit .title").first).to_contain_text("Airline bot")
    expect(page).to_have_url(f"{live_server.url}/search/?q=refund+chatbot")
    expect(page).to_have_title("refund chatbot · Precedent")
    expect(page.get_by_role("status")).to_contain_text("result")
    expect(page.get_by_label("What are you looking for?")).to_be_focused()
    assert page.evaluate("window.same")
    page.get_by_text("Case studies", exact=True).last.click()
    expect(page).to_have_url(f"{live_server.url}/search/?q=refund+chatbot&kind=case_study")
    expect(page.locator(".hit .title").first).to_contain_text("A bank ships")
    page.go_back()
    expect(page).to_have_url(f"{live_server.url}/")


def test_more_results_join_those_that_are_there(page: Page, live_server):
    page.goto(f"{live_server.url}/search/?q=ferry&mode=keyword")
    expect(page.locator(".hit")).to_have_count(20)

    page.get_by_role("link", name="More results").click()

    expect(page.locator(".hit")).to_have_count(30)
    expect(page.get_by_role("link", name="More results")).to_have_count(0)
    expect(page).to_have_url(f"{live_server.url}/search/?q=ferry&mode=keyword")


def test_a_filter_changes_the_list_and_the_address_and_back_undoes_it(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")
    page.evaluate("window.same = true")
    expect(page.locator(".total")).to_contain_text("31 incidents, page 1 of 2")

    page.locator("#tag-chatbots").click()

    expect(page.locator(".total")).to_contain_text("1 incident")
    expect(page).to_have_url(f"{live_server.url}/incidents/?tag=chatbots")
    expect(page).to_have_title("Incidents, Tag: chatbots · Precedent")
    assert page.evaluate("window.same")
    page.go_back()
    expect(page.locator(".total")).to_contain_text("31 incidents")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(f"{live_server.url}/incidents/?page=2")
    expect(page.locator(".row")).to_have_count(6)


def test_a_hit_leads_to_its_sentence_in_the_entry(page: Page, live_server):
    page.goto(f"{live_server.url}/search/?q=answers+rules&mode=keyword")
    page.get_by_role("link", name="Nobody compared its answers with the rules.").click()

    expect(page).to_have_url(re.compile(r"/entries/airline-bot/\?at=body\.[^#]+#passage$"))
    here = page.locator(".prose mark#passage")
    expect(here).to_have_text("Nobody compared its answers with the rules.")
    expect(here).to_be_in_viewport()


def test_a_timeline_leads_to_the_cards_of_its_reports(page: Page, live_server):
    reports = [make_reference(title=f"Report of day {day}", published_on=f"2024-02-{day:02}") for day in range(1, 29)]
    lift = make_entry(title="A lift skipped a floor", occurred_on="2024-02-01", references=reports)
    page.goto(live_server.url + lift.get_absolute_url())
    timeline = page.get_by_role("region", name="Timeline")
    last = timeline.get_by_role("link", name="Report of day 28")
    expect(timeline.locator("svg")).to_be_visible()
    expect(last).to_be_hidden()

    timeline.get_by_text("23 more reports").click()
    last.click()

    expect(page.locator("li:target")).to_contain_text("Report of day 28")
    expect(page.locator("li:target")).to_be_in_viewport()


def test_very_many_references_are_folded_until_they_are_asked_for(page: Page, live_server):
    reports = [
        make_reference(title=f"Report {day:02}", published_on=f"2024-02-{day % 3 + 1:02}") for day in range(1, 71)
    ]
    lift = make_entry(title="A lift skipped a floor", references=reports)
    page.goto(live_server.url + lift.get_absolute_url())
    cited = page.get_by_role("region", name="References")
    first, last = (cited.locator("li", has_text=f"Report {number}") for number in ("12", "70"))
    expect(first).to_be_visible()
    expect(last).to_be_hidden()

    page.get_by_role("region", name="Timeline").get_by_role("link", name="Report 70").click()

    expect(last).to_be_in_viewport()
    assert last.evaluate("card => getComputedStyle(card, '::before').content") != "none"


def test_what_is_folded_is_on_paper(page: Page, live_server):
    lift = make_entry(
        title="A lift skipped a floor", references=[make_reference(title=f"Report {n}") for n in range(30)]
    )
    page.goto(live_server.url + lift.get_absolute_url())
    last = page.get_by_text("Report 29")
    expect(last).to_be_hidden()

    page.emulate_media(media="print")

    expect(last).to_be_visible()
    expect(page.get_by_text("18 more references")).to_be_hidden()


def test_a_bad_date_is_told_in_place(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")

    page.get_by_label("from").fill("soon")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_role("alert")).to_contain_text("“soon” is not a date")
    expect(page.get_by_label("from")).to_have_value("soon")
    page.get_by_label("from").fill("2010")
    page.get_by_label("Order").select_option("oldest")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator(".row .title").first).to_have_text("Ferry 20")
    expect(page.get_by_role("link", name="Since 2010")).to_be_visible()


def test_a_server_that_is_gone_is_told(page: Page, live_server):
    page.goto(f"{live_server.url}/search/?q=ferry")
    page.route("**/search/**", lambda route: route.abort())

    page.get_by_label("What are you looking for?").fill("ferry on a reef")

    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")


def test_math_is_typeset_and_what_cannot_be_stays_as_it_was_written(page: Page, live_server):
    page.goto(f"{live_server.url}/entries/calibration/")

    expect(page.locator("div.math .katex-display")).to_be_visible()
    expect(page.locator("span.math .katex")).to_have_count(1)
    expect(page.locator(".math.unread")).to_have_text("\\frac{1}{")
    expect(page.locator("main")).to_contain_text("for $5 and $6.")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px KaTeX_Main'))")


def test_katex_is_loaded_only_where_there_is_math(page: Page, live_server):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{live_server.url}/entries/airline-bot/")

    assert not [url for url in asked if "katex" in url]
    assert all(url.startswith(live_server.url) for url in asked)


def test_a_job_is_followed_to_its_end(page: Page, live_server, client):
    job = Job.objects.create(kind="ingest", state="running", done=1, total=4, counts={"created": 1})
    client.force_login(make_user(is_staff=True))
    session = client.cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page.goto(f"{live_server.url}/jobs/{job.pk}/")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "25")

    thread = threading.Thread(target=_finish, args=[job.pk])
    thread.start()
    thread.join()

    expect(page.locator(".state")).to_have_text("Done")
    expect(page.locator("#job")).not_to_have_attribute("hx-trigger", re.compile(""))


def _finish(job_id: int) -> None:
    from django.db import connection

    Job.objects.filter(pk=job_id).update(state="done", done=4)
    connection.close()


def test_the_keyboard_reaches_the_content_and_the_search(page: Page, live_server):
    page.goto(f"{live_server.url}/incidents/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
