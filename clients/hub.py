"""The Hugging Face hub: bringing a published model to this machine, so that everything below works offline, and publishing one."""

from json import JSONDecodeError
from pathlib import Path
from typing import Any

from models.errors import AccessRefused, ConfigurationError, ReadbackError, VendorReply, VendorUnavailable, VendorUnreachable

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


def upload_model(folder: Path, repository: str, *, private: bool, message: str) -> str:
    """Put a folder into a repository, which is made where it is missing; the address of the commit. The token is HF_TOKEN's.

    AccessRefused where there is no token, nobody has it or it may not write there, ConfigurationError for a name or a card that the hub
    does not take, VendorUnreachable and VendorUnavailable where the hub is away.
    """
    import httpx2
    from huggingface_hub import HfApi, get_token
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    if get_token() is None:
        raise AccessRefused(f"There is no token to write to {repository} with", remedy="Set HF_TOKEN on the trainer")
    hub = HfApi()
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        return str(hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=message).commit_url)
    except HfHubHTTPError as error:
        raise _refusal(error, repository) from error
    except HFValidationError as error:
        raise ConfigurationError(f"{repository!r} is no name for the hub: {error}", remedy="Choose another repository name") from error
    except JSONDecodeError as error:  # a proxy's page in place of what the hub says of the card
        raise VendorUnavailable("The hub's answer makes no sense", remedy="Push again later") from error
    except ValueError as error:
        raise ConfigurationError(f"The hub does not take the card: {error}", remedy="Mend reports/model_card.py") from error
    except (httpx2.HTTPError, OSError) as error:  # OSError: the storage of large files has a client of its own
        raise VendorUnreachable(
            f"The hub at {hub.endpoint} cannot be reached: {type(error).__name__}",
            remedy="Push again once this machine reaches it; HF_ENDPOINT names another hub",
        ) from error


def _refusal(error: Any, repository: str) -> ReadbackError:
    """What the hub's answer means, as one of our errors."""
    status = error.response.status_code
    reply = VendorReply("Hugging Face", status)
    if status == 401:
        remedy = "Make one with the right to write (https://huggingface.co/settings/tokens) and set HF_TOKEN on the trainer"
        return AccessRefused("The hub does not know the token in HF_TOKEN", remedy=remedy, reply=reply)
    if status == 403:
        remedy = "Give it the right to write, or name an account or organization that it belongs to"
        return AccessRefused(f"The token in HF_TOKEN may not write to {repository}", remedy=remedy, reply=reply)
    if status >= 500 or status == 429:
        return VendorUnavailable(f"The hub answered {status}", remedy="Push again later", reply=reply)
    said = error.server_message or str(error).strip().splitlines()[0]
    return ConfigurationError(f"The hub does not take {repository}: {said}", remedy="Choose another repository name", reply=reply)
