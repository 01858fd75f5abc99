"""The archive summarized anew: calls of some days, told again by the model in service, behind live calls, with a forecast first.

Shares the second look of ``review-calls``. What a caller heard and a contact was told stays as it is, unless it is asked for.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from models.call.anew import Figures, How
from models.call.korea import day_in_korea
from models.errors import ConfigurationError
from reports.anew import anew_report, anew_title, forecast_anew_report
from tasks.operations.anew import champion_in_service, look_ahead, summarize_days
from tasks.without_words import without_words

STOPPED, TOO_DEAR = "Stopped", "TooDear"


@flow(name="summarize-archive", flow_run_name="{since}")
@without_words
async def summarize_archive(
    since: date,
    until: date | None = None,
    forecast: bool = True,
    most_won: float = 0.0,
    replace: bool = True,
    speak: bool = False,
    tell_contacts: bool = False,
    at_once: int = 4,
    max_minutes: float = 0.0,
    requested_by: str = "",
) -> State[Any]:
    """Summarize the calls of a range of days anew with the model in service. First it tells what that would cost, and stops there.

    A run that was stopped goes on where it was when it is started again with the same values; no call is done twice.

    Args:
        since: First day (Korea) on which the calls ended.
        until: Last day; empty: yesterday.
        forecast: Only tell how many calls there are and what they would cost; off: summarize them.
        most_won: Begin only where the forecast is not above so many won; 0: whatever it costs.
        replace: Put the new summaries into the records, the files and the console; off: only tell what would change.
        speak: Speak what changed again, in the place of the prompts; off: prompts stay as callers heard them.
        tell_contacts: With `speak`, also write the contacts' attributes in Amazon Connect.
        at_once: How many calls are summarized at once; live calls that wait go before all of them.
        max_minutes: Stop after so many minutes; 0: when all is done.
        requested_by: Who asks for it, for the calls' history; Prefect does not know, so an empty name stays unknown.
    """
    now = day_in_korea(datetime.now(UTC))
    last = min(until or now - timedelta(days=1), now)
    days = [since + timedelta(days=n) for n in range((last - since).days + 1)]
    how = How(await champion_in_service(), replace, speak and replace, tell_contacts and speak)
    if (speak and not replace) or (tell_contacts and not speak):
        raise ConfigurationError("speak needs replace, tell_contacts needs speak", remedy="Switch both on, or leave both off")
    told = await look_ahead(days, how)
    scope = f"{since}..{last}"
    refused = bool(most_won) and told.won > most_won
    await acreate_markdown_artifact(
        forecast_anew_report(told, scope, how, most_won if refused else 0.0), key="forecast-anew", description=f"예상 {told.won:,.0f}원"
    )
    said = f"{told.calls} calls of {scope} for {told.won:.0f} won"
    if refused:
        return Failed(name=TOO_DEAR, message=f"Nothing was begun: {said}, above most_won {most_won:g}")
    if forecast:
        return Completed(message=f"Would summarize {said}")
    done = await summarize_days(days, how, by=requested_by, at_once=max(1, at_once), minutes=max_minutes)
    get_run_logger().info("Summarized %s of %s calls anew", sum(call.fate.looked_at for call in done.calls), len(done.calls))
    figures = Figures.of(done.calls)
    await acreate_markdown_artifact(
        anew_report(scope, how, figures, done.calls, done.charges, days=(done.days, len(days)), stopped=done.stopped),
        key="archive-anew",
        description=anew_title(figures),
    )
    if done.stopped:
        return Completed(name=STOPPED, message=f"Stopped ({done.stopped}) after {done.days} of {len(days)} days; start it again to go on")
    return Completed(message=f"Summarized the calls of {len(days)} days anew by {how.champion}")
