import assistant
import pytest

pytestmark = pytest.mark.vcr


@pytest.mark.parametrize("city", ["Paris", "Oslo"])
def test_looks_the_weather_up(city):
    assert "21 degrees" in assistant.answer(f"How is the weather in {city}?")


def test_answers_without_tools():
    assert "train" in assistant.answer("How do I get from Rome to Naples?")


def test_streams():
    words = list(assistant.stream_answer("Train or plane, from Rome to Naples?"))
    assert len(words) > 5
    assert "train" in "".join(words)


def test_answers_two_questions():
    first = assistant.answer("How is the weather in Rome?")
    second = assistant.answer("How is the weather in Naples?")
    assert first == second


def test_makes_a_title():
    assert len(assistant.make_title("Train or plane, from Rome to Naples?").split()) <= 4
