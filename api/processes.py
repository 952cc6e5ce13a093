"""Memory of the processes that serve together, for Prometheus: all of them, whichever is asked."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.serving import forked_processes

_GAUGES = {
    "resident": (("Rss",), "Memory of a serving process, shared pages counted in full."),
    "proportional": (("Pss",), "Memory of a serving process, each shared page counted by its share."),
    "private": (("Private_Clean", "Private_Dirty"), "Memory that only this serving process has."),
}


class ProcessMetrics(Collector):
    """Gauges of what each serving process holds; where the system does not tell, there are none."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the gauges."""
        found = {pid: memory_of(pid) for pid in forked_processes()}
        for name, (fields, meaning) in _GAUGES.items():
            gauge = GaugeMetricFamily(f"allywise_process_{name}_bytes", meaning, labels=["process"])
            for pid, memory in found.items():
                if memory:
                    gauge.add_metric([str(pid)], sum(memory[field] for field in fields))
            yield gauge


def memory_of(pid: int) -> dict[str, int]:
    """Return what Linux tells of a process's memory, in bytes; nothing where it does not."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:  # another system, or the process has ended
        return {}
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}
