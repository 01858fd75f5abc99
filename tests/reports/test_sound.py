"""What an artifact shows and plays of a recording."""

import io
import math
import xml.etree.ElementTree as ET

import numpy as np
import soundfile
from sounds import tone, wav

from models.sound.recording import inspect_recording
from reports.embedding import data_uri
from reports.sound import browser_wav, waveform, waveform_svg


def test_the_browsers_copy_is_small_plain_pcm_and_ends_in_time() -> None:
    copy = browser_wav(wav(np.column_stack([tone(40, 16000), tone(40, 16000)]), 16000, "ULAW"), max_seconds=30)
    with soundfile.SoundFile(io.BytesIO(copy)) as file:
        assert (file.subtype, file.samplerate, file.channels, file.frames) == ("PCM_U8", 8000, 1, 240_000)
    assert len(copy) < 241_000


def test_the_waveform_shows_who_spoke_when() -> None:
    quiet, loud = np.zeros(8000), tone(1)
    audio = inspect_recording(wav(np.column_stack([np.concatenate([loud, quiet]), np.concatenate([quiet, loud])])))
    customer, agent = waveform(audio, buckets=10)
    assert len(customer) == 10
    assert min(customer[:5]) > 0.29
    assert max(customer[5:]) == 0
    assert max(agent[:5]) == 0
    assert min(agent[5:]) > 0.29


def test_the_drawn_waveform_is_a_small_well_formed_picture_with_both_names() -> None:
    picture = waveform_svg(inspect_recording(wav(np.column_stack([tone(40), tone(40)]))))
    texts = [element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["고객", "상담원", "0:00", "0:40"]
    assert len(data_uri(picture.encode(), "image/svg+xml")) < 10_000


def test_silenced_stretches_hold_no_sound_and_the_rest_does() -> None:
    samples, rate = soundfile.read(io.BytesIO(browser_wav(wav(tone(6)), silent=[(2.0, 3.0)])))
    assert not samples[int(1.6 * rate) : int(3.4 * rate)].any()
    assert all(np.abs(samples[int(begin * rate) : int(end * rate)]).max() > 0.1 for begin, end in ((0.0, 1.4), (3.6, 6.0)))
    assert abs(len(browser_wav(wav(tone(2)), math.inf)) - 2 * 8_000) < 100
