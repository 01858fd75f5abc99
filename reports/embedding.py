"""Bytes inside Markdown: pictures and sounds that an artifact carries itself."""

import base64


def data_uri(content: bytes, mime: str) -> str:
    """Wrap bytes for embedding into a markdown artifact.

    >>> data_uri(b"<svg/>", "image/svg+xml")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
