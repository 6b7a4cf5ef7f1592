"""Groups of areas nest; neighbours are pairs of modelled areas."""

import numpy as np
import pandas as pd
import pytest

from sbc_prevalence.data.area_groups import with_groups, with_neighbours
from sbc_prevalence.data.areas import load_areas
from sbc_prevalence.data.catalogue import load_carried
from sbc_prevalence.data.tables import Provenance, Table
from sbc_prevalence.errors import DataError
from sbc_prevalence.grid import AreaSet

AREAS = AreaSet(("A", "B", "C"), ("Ayton", "Beeton", "Ceeton"), "T", "All")


def table(columns, *rows):
    return Table.from_frame(pd.DataFrame(list(rows), columns=columns), name="t", provenance=Provenance(name="t"))


def groups(*rows):
    return table(["group_code", "group_name", "area_code"], *rows)


def codes(error):
    return {problem.code for problem in error.value.problems}


def test_the_networks_of_scotland_part_the_boards():
    areas = load_areas("scotland_boards", total_code="S92000003", total_name="Scotland")
    found = with_groups(areas, load_carried("scotland_cancer_networks"))
    assert sorted(code for members in found.groups.values() for code in members) == sorted(areas.codes)
    np.testing.assert_array_equal(found.membership(tuple(found.groups)).sum(0), np.ones(14))


def test_a_group_of_groups_holds_the_areas_of_its_members():
    found = with_groups(AREAS, groups(("G", "Big", "H"), ("G", "Big", "C"), ("H", "Small", "A"), ("H", "Small", "B")))
    assert found.groups == {"G": ("A", "B", "C"), "H": ("A", "B")}
    assert found.name_of("G") == "Big"


@pytest.mark.parametrize(("rows", "code"), [
    ([("G", "Big", "X")], "E-AREA-UNKNOWN"), ([("A", "Big", "B")], "E-GROUP-CODE"), ([("T", "Big", "B")], "E-GROUP-CODE"),
    ([("G", "Big", "A"), ("G", "Big", "A")], "E-DUPLICATE"), ([("G", "Big", "A"), ("G", "Large", "B")], "E-GROUP-NAME"),
    ([("G", "Big", "H"), ("H", "Other", "G")], "E-GROUP-CIRCLE"), ([("G", "", "A")], "E-MISSING")])
def test_a_bad_group_is_refused_with_its_row(rows, code):
    with pytest.raises(DataError) as error:
        with_groups(AREAS, groups(*rows))
    assert codes(error) == {code}
    assert error.value.problems[0].rows


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(DataError) as error:
        with_neighbours(AREAS, table(["area_code"], ("A",)))
    assert codes(error) == {"E-COLUMN-MISSING"}


@pytest.mark.parametrize(("row", "code"), [(("A", "A"), "E-NEIGHBOUR-SELF"), (("A", "Z"), "E-AREA-UNKNOWN")])
def test_a_bad_neighbour_is_refused(row, code):
    with pytest.raises(DataError) as error:
        with_neighbours(AREAS, table(["area_code", "neighbour_code"], row))
    assert codes(error) == {code}


def test_the_order_of_a_pair_and_its_repetition_do_not_matter():
    once = with_neighbours(AREAS, table(["area_code", "neighbour_code"], ("A", "B")))
    twice = with_neighbours(AREAS, table(["area_code", "neighbour_code"], ("B", "A"), ("A", "B")))
    assert once == twice
    assert once.neighbours == (("A", "B"),)
