"""What the machine can really compute in."""

from typing import Literal

from models.errors import ConfigurationError

Precision = Literal["fp32", "fp16", "bf16"]


def choose_device(wanted: str) -> Literal["cpu", "cuda"]:
    """Resolve ``auto``; raise ConfigurationError where CUDA is asked for and absent."""
    import torch

    available = torch.cuda.is_available()
    if wanted == "cuda" and not available:
        raise ConfigurationError(
            "Training on CUDA was asked for and this machine has none", remedy="Set device to cpu or auto, or run on the g4dn pool"
        )
    return "cuda" if available and wanted != "cpu" else "cpu"


def cpu_has_bf16() -> bool:
    """Whether bfloat16 is arithmetic here and no emulation: AVX-512 BF16 or AMX. Emulated, it is slower than fp32."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
            flags = info.read()
    except FileNotFoundError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


def choose_precision(wanted: str, device: str) -> Precision:
    """Pick the fastest precision that the hardware has.

    A T4 is compute capability 7.5: it has fp16 tensor cores and no bf16, although torch.cuda.is_bf16_supported() says yes there
    because it counts emulation. bf16 begins with capability 8.0 (Ampere).
    """
    import torch

    if device == "cuda":
        native_bf16 = torch.cuda.get_device_capability() >= (8, 0)
        if wanted == "bf16" and not native_bf16:
            raise ConfigurationError("This GPU has no bf16 (a T4 has fp16 only)", remedy="Set precision to fp16 or auto")
        if wanted == "auto":
            return "bf16" if native_bf16 else "fp16"
    elif wanted == "fp16":
        raise ConfigurationError("fp16 training needs a GPU", remedy="Set precision to fp32 or auto")
    elif wanted == "auto":
        return "bf16" if cpu_has_bf16() else "fp32"
    return "fp32" if wanted == "fp32" else "bf16" if wanted == "bf16" else "fp16"


def peak_memory_mib(device: str) -> float:
    """The memory that this process has taken at its highest: on the GPU, or on the machine where it computed on processors."""
    import resource

    import torch

    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10  # kilobytes on Linux
