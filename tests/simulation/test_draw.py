"""What a seed draws: the same day each time, with every kind of trouble, and healed long before its end."""

from edgepair_sim.deeds import VERBS, ClientDoes, Start
from edgepair_sim.draw import DAY_S, MOODS, draw, mood_of
from edgepair_sim.script import script_of, text_of

SEEDS = range(200)


def test_a_seed_draws_the_same_day_each_time_and_another_seed_another_one() -> None:
    assert draw(7) == draw(7)
    assert draw(7).deeds != draw(8).deeds


def test_every_drawn_day_is_the_same_after_it_was_written_down() -> None:
    assert [seed for seed in SEEDS if script_of(text_of(draw(seed))) != draw(seed)] == []


def test_everything_that_can_be_done_is_done_in_some_day() -> None:
    done = {type(deed) for seed in SEEDS for deed in draw(seed).deeds}

    assert set(VERBS.values()) - done == {Start}  # a server that was stopped starts by itself


def test_every_mood_comes_up() -> None:
    assert {mood_of(seed) for seed in SEEDS} == {mood.name for mood in MOODS}


def test_a_day_is_healed_four_hours_and_six_mclt_before_its_end() -> None:
    days = [draw(seed) for seed in SEEDS]

    assert [day.settings.seed for day in days if day.healed_s > DAY_S - 14_400] == []
    assert [day.settings.seed for day in days if day.healed_s > DAY_S - 6 * day.settings.mclt_s] == []


def test_clients_go_on_living_after_the_last_trouble_and_all_are_there_at_the_end() -> None:
    day = draw(1)
    later = [deed for deed in day.deeds if isinstance(deed, ClientDoes) and deed.at_s > day.healed_s]

    assert {deed.client for deed in later} == set(range(1, 21))
    assert len(later) > 20


def test_deeds_come_in_the_order_of_their_moments() -> None:
    moments = [deed.at_s for deed in draw(3).deeds]

    assert moments == sorted(moments)
