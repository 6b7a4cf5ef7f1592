"""Opening records where they are: files, frames, a DuckDB file, an ibis table, a Spark session. Nothing is computed.

Rows stay on the engine. What is shown of them is their shape.
"""

import csv
import gzip
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sbc_prevalence.errors import DataError, Problem

if TYPE_CHECKING:
    import ibis

DEBUG = "SBC_PREVALENCE_DEBUG"
ENGINES = ("duckdb", "spark")
HEAD = 65536
CSV_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".txt")
PARQUET_SUFFIXES = (".parquet", ".pq")
DUCKDB_SUFFIXES = (".duckdb", ".db", ".ddb")


@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """Rows of one source (or of several) on an engine. Its face shows the number of rows and columns, never a cell.

    Parameters
    ----------
    table : ibis.Table
    name : str
        Name that messages use. Not a path: a path may hold a name.
    rows : int
        Number of rows.
    """

    table: "ibis.Table"
    name: str
    rows: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.columns)

    def cached(self) -> "Records":
        """The same rows, computed once and held by the engine: worth its memory where several tables are made."""
        return Records(self.table.cache(), self.name, self.rows)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, rows={self.rows}, columns={len(self.columns)})"

    def _repr_html_(self) -> str:
        return f"<p>{type(self).__name__}: {self.rows} rows, {len(self.columns)} columns</p>"


def open_records(
    source: Any,
    *,
    engine: Any = "duckdb",
    name: str | None = None,
    table: str | None = None,
    delimiter: str = ",",
) -> Records:
    """Records as an ibis table on their engine.

    Parameters
    ----------
    source : path, DataFrame, pyarrow.Table, ibis.Table or Spark DataFrame
        A CSV file (every column is read as text: nothing is guessed), a Parquet file or a pattern of several, a
        DuckDB file (read only), a pandas, polars or Arrow table, an ibis table of any engine (its own engine stays), or a
        DataFrame of Spark.
    engine : {"duckdb", "spark"}, SparkSession or ibis backend
        Where files and frames are read. ``"duckdb"`` is embedded and needs no server; ``"spark"`` takes the running
        session.
    name : str, optional
        Name that messages use; else that of the file, or ``"records"``.
    table : str, optional
        Table of a DuckDB file, or of a backend or session given as `source`.
    delimiter : str
        Of a CSV file.

    Raises
    ------
    DataError
        If there is nothing to open, or it is of a kind that is not read.
    """
    import ibis

    if isinstance(source, ibis.Table):
        return _counted(source, name or "records")
    if isinstance(source, str | Path):
        path = Path(source)
        return _counted(_from_file(path, engine, table, delimiter), name or path.name.split(".")[0])
    if hasattr(source, "sparkSession") and not isinstance(source, type):
        return _counted(_from_spark(source), name or "records")
    if table is not None:
        return _counted(backend(source).table(table), name or "records")
    return _counted(_from_frame(source, backend(engine)), name or "records")


def backend(engine: Any) -> Any:
    """The ibis backend of an engine: its name, a Spark session, or a backend itself."""
    import ibis

    if engine == "duckdb":
        return ibis.duckdb.connect()
    if engine == "spark":
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session is None:
            raise DataError(
                Problem(
                    "E-ENGINE",
                    "engine",
                    "no Spark session is running",
                    "Start one, or pass it as engine.",
                    key="engine",
                )
            )
        return ibis.pyspark.connect(session)
    if type(engine).__module__.startswith("pyspark."):
        return ibis.pyspark.connect(engine)
    if hasattr(engine, "read_csv") and hasattr(engine, "list_tables"):
        return engine
    raise DataError(
        Problem(
            "E-ENGINE",
            "engine",
            f"an engine is {' or '.join(ENGINES)}, a Spark session or an ibis backend",
            "Leave it out for DuckDB.",
            key="engine",
        )
    )


def is_spark(table: "ibis.Table") -> bool:
    """Whether a table lives in Spark, whose rows have no order."""
    return bool(getattr(table.get_backend(), "name", "") == "pyspark")


def _counted(table: "ibis.Table", name: str) -> Records:
    return Records(table, name, int(read_by_engine(lambda: table.count().execute(), name)))


def read_by_engine[T](query: Callable[[], T], name: str) -> T:
    """The result of a query, or a refusal in place of an engine's own error, which may quote a row.

    Raises
    ------
    DataError
        Apart from the engine's error, so that no traceback holds it.
    """
    failed = ""
    try:
        return query()
    except DataError:
        raise
    except Exception as error:
        if os.environ.get(DEBUG):
            raise
        failed = type(error).__name__
    raise DataError(
        Problem(
            "E-UNREADABLE",
            name,
            "the engine cannot read the records: the file is damaged, cut short, or not what its ending says",
            "Export it anew; CSV must be UTF-8, with the cells of the header in every row and quotes closed.",
            detail=failed,
        )
    )


def _from_file(path: Path, engine: Any, table: str | None, delimiter: str) -> "ibis.Table":
    import ibis

    lower = path.name.lower()
    pattern = any(sign in path.name for sign in "*?")
    if not pattern and not path.exists():
        raise DataError(Problem("E-FILE", "records", "the file of records must exist", "Correct the path."))
    if lower.endswith(DUCKDB_SUFFIXES):
        return _from_duckdb(ibis.duckdb.connect(path, read_only=True), table)
    con = backend(engine)
    spark = con.name == "pyspark"
    if lower.endswith(PARQUET_SUFFIXES) or path.is_dir():
        return read_by_engine(lambda: con.read_parquet(str(path)), path.name)
    if lower.endswith(CSV_SUFFIXES):
        if not pattern:
            _check_head(path, delimiter)
        if spark:
            return read_by_engine(
                lambda: con.read_csv(
                    str(path), header=True, inferSchema=False, sep=delimiter, mode="FAILFAST"
                ),
                path.name,
            )
        return read_by_engine(
            lambda: con.read_csv(
                str(path), all_varchar=True, header=True, delim=delimiter, quote='"', strict_mode=True
            ),
            path.name,
        )
    raise DataError(
        Problem(
            "E-FILE",
            "records",
            "records are read from CSV, Parquet or DuckDB files",
            "Export the file to one of them; spreadsheets and pickles are not opened.",
        )
    )


def _check_head(path: Path, delimiter: str) -> None:
    """Refuse a CSV file whose beginning is no UTF-8 text, or whose header repeats a name."""
    name, failed = path.name, False
    head = b""
    try:
        with gzip.open(path) if name.lower().endswith(".gz") else path.open("rb") as stream:
            head = stream.read(HEAD)
    except (OSError, EOFError):
        failed = True
    if failed:
        raise DataError(
            Problem("E-UNREADABLE", name, "the file is damaged or cut short", "Export or copy it anew.")
        )
    if not head.strip():
        raise DataError(Problem("E-EMPTY", name, "the file is empty", "Look whether the export was cut short."))
    if b"\x00" in head:
        raise DataError(
            Problem(
                "E-ENCODING",
                name,
                "the file holds NUL bytes: it is UTF-16 text, a spreadsheet or damaged",
                "Save it as 'CSV UTF-8'.",
            )
        )
    first = head.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace").rstrip("\r")
    header = [cell.strip() for cell in next(csv.reader([first], delimiter=delimiter), [])]
    if len(set(header)) < len(header):
        raise DataError(
            Problem("E-DUPLICATE-COLUMN", name, "a column name occurs more than once", "Rename one of them.")
        )


def _from_duckdb(con: Any, table: str | None) -> "ibis.Table":
    names = con.list_tables()
    if table is None and len(names) == 1:
        table = names[0]
    if table not in names:
        raise DataError(
            Problem(
                "E-TABLE",
                "records",
                "a DuckDB file must hold the table of records",
                "Give table = its name.",
                key="table",
            )
        )
    return con.table(table)


def _from_spark(frame: Any) -> "ibis.Table":
    import ibis

    con = ibis.pyspark.connect(frame.sparkSession)
    view = f"records_{id(frame):x}"
    frame.createOrReplaceTempView(view)
    return con.table(view)


def _from_frame(frame: Any, con: Any) -> "ibis.Table":
    import pandas as pd
    import pyarrow as pa

    if isinstance(frame, Mapping):
        frame = pd.DataFrame(frame)
    if not (isinstance(frame, pd.DataFrame | pa.Table) or type(frame).__module__.startswith("polars")):
        raise DataError(
            Problem(
                "E-FRAME",
                "records",
                "records are a file, a data frame or an ibis table",
                "Give a pandas, polars or Arrow table, or a path.",
            )
        )
    columns = list(map(str, frame.column_names if isinstance(frame, pa.Table) else frame.columns))
    if len(set(columns)) < len(columns):
        raise DataError(
            Problem(
                "E-DUPLICATE-COLUMN", "records", "a column name occurs more than once", "Rename one of them."
            )
        )
    if isinstance(frame, pd.DataFrame):
        frame = pa.Table.from_pandas(frame, preserve_index=False)
    elif not isinstance(frame, pa.Table):
        frame = frame.to_arrow()
    name = f"records_{uuid.uuid4().hex}"
    if con.name == "duckdb":
        con.con.register(name, frame)
    else:
        con._session.createDataFrame(frame).createOrReplaceTempView(name)
    return con.table(name)
