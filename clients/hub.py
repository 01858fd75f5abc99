"""The Hugging Face hub: bringing a published model to this machine, so that everything below works offline."""

from pathlib import Path

from models.errors import ConfigurationError, VendorReply

# Weights in other frameworks' formats, which would double the download.
_NOT_NEEDED = ["*.h5", "*.msgpack", "*.ot", "onnx/*", "openvino/*", "original/*", "*.gguf"]


def ensure_downloaded(model: str) -> None:
    """Bring a model into the hub's cache unless it is a folder or lies there already.

    Raises ConfigurationError, with what to do, where the model does not exist, needs a licence, or the hub cannot be reached
    and the cache has no copy.
    """
    if Path(model).is_dir():
        return
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        snapshot_download(model, ignore_patterns=_NOT_NEEDED, etag_timeout=10)
    except GatedRepoError as error:
        raise ConfigurationError(
            f"The hub gives {model} only to those who accepted its licence",
            remedy="Accept it on the model's page and set HF_TOKEN",
            reply=VendorReply("Hugging Face", 403),
        ) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ConfigurationError(
            f"There is no model {model!r}: no folder on this machine, nothing on the hub", remedy="Correct the name, or name a local folder"
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise ConfigurationError(
            f"{model} is not on this machine and the hub cannot be reached",
            remedy="Name a local folder, or download it where there is network",
        ) from error
