"""The Hugging Face hub: bringing a published model to this machine, so that everything below works offline, and publishing one."""

from pathlib import Path

from models.errors import AccessRefused, ConfigurationError, VendorReply, VendorUnavailable

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

    AccessRefused where the token may not write there, VendorUnavailable where the hub cannot be reached.
    """
    import httpx2
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    hub = HfApi()
    try:
        hub.create_repo(repository, private=private, exist_ok=True)
        return str(hub.upload_folder(repo_id=repository, folder_path=folder, commit_message=message).commit_url)
    except LocalTokenNotFoundError as error:
        raise AccessRefused(f"There is no token to write to {repository} with", remedy="Set HF_TOKEN on the trainer") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        reply = VendorReply("Hugging Face", status)
        if status in (401, 403):
            raise AccessRefused(f"The hub does not let us write to {repository}", remedy="Give HF_TOKEN that right", reply=reply) from error
        if status >= 500 or status == 429:
            raise VendorUnavailable(f"The hub answered {status}", reply=reply) from error
        raise ConfigurationError(
            f"The hub refuses {repository}: {str(error).splitlines()[0]}", remedy="Correct the name", reply=reply
        ) from error
    except (httpx2.HTTPError, OSError) as error:
        raise VendorUnavailable(f"The hub cannot be reached: {type(error).__name__}") from error
