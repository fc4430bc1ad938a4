"""Solution regions: each marker does what it says, and a marker that is wrong is never passed over."""

import ast
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.authoring.regions import PROMPT, blanked, regions, solution_blocks, solved, unwritten
from grader.errors import AssignmentError


def lines(text):
    return textwrap.dedent(text).strip("\n")


WHOLE_BODY = lines(
    '''
    def double(x):
        """Twice x."""
        # BEGIN SOLUTION
        y = x + x
        return y
        # END SOLUTION
    '''
)


def test_whole_body_becomes_not_implemented():
    assert blanked(WHOLE_BODY, "f.py") == lines(
        '''
        def double(x):
            """Twice x."""
            # YOUR CODE HERE
            raise NotImplementedError("double is not written yet")
        '''
    )


def test_solved_drops_markers_alone():
    assert solved(WHOLE_BODY, "f.py") == lines(
        '''
        def double(x):
            """Twice x."""
            y = x + x
            return y
        '''
    )


def test_solution_blocks_are_what_stands_inside():
    assert solution_blocks(WHOLE_BODY, "f.py") == (("    y = x + x", "    return y"),)


def test_method_is_named_with_its_class():
    text = lines(
        """
        class Net:
            def loss(self):
                # BEGIN SOLUTION
                return 1
                # END SOLUTION
        """
    )
    assert 'NotImplementedError("Net.loss is not written yet")' in blanked(text, "f.py")


def test_region_with_code_after_it_keeps_that_code():
    text = lines(
        """
        def double(x):
            out = None
            ### BEGIN SOLUTION
            out = x + x
            ### END SOLUTION
            return out
        """
    )
    assert blanked(text, "f.py") == lines(
        """
        def double(x):
            out = None
            # YOUR CODE HERE
            return out
        """
    )


def test_branch_that_would_be_empty_gets_pass():
    text = lines(
        """
        def f(x):
            y = 0
            if x:
                # BEGIN SOLUTION
                y = 1
                # END SOLUTION
            else:
                y = 2
            return y
        """
    )
    namespace = {}
    exec(blanked(text, "f.py"), namespace)
    assert [namespace["f"](True), namespace["f"](False)] == [0, 2]


def test_branch_with_a_returned_value_raises():
    text = lines(
        """
        def f(x):
            if x:
                # BEGIN SOLUTION
                return [y for y in x]
                # END SOLUTION
            return None
        """
    )
    namespace = {}
    exec(blanked(text, "f.py"), namespace)
    with pytest.raises(NotImplementedError, match="f is not written yet"):
        namespace["f"]([1])


def test_return_inside_an_inner_function_is_not_the_outer_ones():
    text = lines(
        """
        def f(x):
            total = 0
            # BEGIN SOLUTION
            def g():
                return x
            total = g()
            # END SOLUTION
            return total
        """
    )
    assert "raise" not in blanked(text, "f.py")


def test_methods_of_a_class_leave_a_comment():
    text = lines(
        """
        class Net:
            size = 3

            # BEGIN SOLUTION
            def helper(self):
                return 1

            # END SOLUTION
        """
    )
    assert blanked(text, "f.py").rstrip().endswith(PROMPT)
    ast.parse(blanked(text, "f.py"))


def test_decorated_statement_belongs_to_the_region_of_its_decorator():
    text = lines(
        """
        class Net:
            # BEGIN SOLUTION
            @property
            def helper(self):
                return 1
            # END SOLUTION
        """
    )
    assert blanked(text, "f.py") == "class Net:\n    # YOUR CODE HERE\n    pass"


@pytest.mark.parametrize(
    ("line", "blank"),
    [
        pytest.param("y = x * 2  # SOLUTION", "y = ...  # YOUR CODE HERE", id="assignment"),
        pytest.param("a, b = x  # SOLUTION", "(a, b) = ...  # YOUR CODE HERE", id="tuple"),
        pytest.param("n: int = 3 # SOLUTION", "n: int = ...  # YOUR CODE HERE", id="annotated"),
        pytest.param("plot(x)  # SOLUTION", "...  # YOUR CODE HERE", id="call"),
    ],
)
def test_line_suffix_blanks_one_statement(line, blank):
    assert blanked(line, "f.py") == blank
    assert solved(line, "f.py") == line.partition("#")[0].rstrip()


def test_line_suffix_on_a_return_raises():
    assert "raise NotImplementedError" in blanked("def f(x):\n    return x  # SOLUTION", "f.py")


def test_unwritten_names_what_students_write():
    text = f"{WHOLE_BODY}\n\n\ndef given():\n    return 1\n\n\nclass Net:\n    def loss(self):\n        return 1  # SOLUTION\n"
    assert unwritten(blanked(text, "f.py")) == ("double", "Net")


def test_hidden_region_enters_neither_version():
    text = "a = 1\n# BEGIN HIDDEN\nsecret = 2\n# END HIDDEN\nb = 3\n### BEGIN HIDDEN TESTS\nc\n### END HIDDEN TESTS"
    assert blanked(text, "f.py") == solved(text, "f.py") == "a = 1\nb = 3"
    assert solution_blocks(text, "f.py") == (("secret = 2",), ("c",))


def test_cell_with_magics_is_understood():
    text = (
        "%matplotlib inline\nfiles = !ls\n?print\n# BEGIN SOLUTION\nx = 1\n# END SOLUTION\n    !pwd".replace(
            "    !", "!"
        )
    )
    assert blanked(text, "cell 3") == "%matplotlib inline\nfiles = !ls\n?print\n# YOUR CODE HERE\n!pwd"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "x\n# BEGIN SOLUTION\ny", r"f\.py, line 2: BEGIN SOLUTION is never closed", id="unclosed"
        ),
        pytest.param("x\n# END SOLUTION", r"f\.py, line 2: END SOLUTION without a BEGIN", id="stray"),
        pytest.param(
            "# BEGIN SOLUTION\n# BEGIN SOLUTION\n",
            r"line 2: BEGIN SOLUTION inside the region of line 1",
            id="nested",
        ),
        pytest.param(
            "# BEGIN SOLUTION\n# END HIDDEN\n", r"line 2: END HIDDEN without a BEGIN HIDDEN", id="crossed"
        ),
        pytest.param(
            "x = 1  # BEGIN SOLUTION", r"line 1: a marker has to be alone on its line", id="not-alone"
        ),
        pytest.param(
            "# BEGIN SOLUTION NO PROMPT",
            r"line 1: a marker has to be alone .* no other words",
            id="more-words",
        ),
        pytest.param("def f(:\n# BEGIN SOLUTION\n# END SOLUTION", r"line 1: not Python", id="not-python"),
        pytest.param(
            "for i in x:  # SOLUTION\n    pass",
            r"line 1: # SOLUTION marks a statement on one line",
            id="compound-line",
        ),
        pytest.param(
            "if x:\n    # BEGIN SOLUTION\n    y = 1\nelse:\n    y = 2\n    # END SOLUTION",
            r"line 2: the region spans several blocks",
            id="several-blocks",
        ),
        pytest.param(
            "# BEGIN SOLUTION\nif x:\n    y = 1\n    # END SOLUTION\n    z = 2",
            r"line 1: the region cuts through a statement",
            id="cuts-end",
        ),
        pytest.param(
            "if x:\n    y = 1\n    # BEGIN SOLUTION\n    z = 2\nw = 3\n# END SOLUTION",
            r"line 3: the region cuts through a statement",
            id="cuts-start",
        ),
        pytest.param(
            "# BEGIN SOLUTION\ny = 2  # SOLUTION\n# END SOLUTION",
            r"f\.py, line 2: # SOLUTION inside the region of line 1",
            id="line-in-a-region",
        ),
        pytest.param(
            "if x:\n    # BEGIN HIDDEN\n    y = 1\n    # END HIDDEN\nz = 1",
            r"without its solutions, line 2: not Python",
            id="hidden-empties-a-block",
        ),
    ],
)
def test_wrong_markers_say_file_and_line(text, message):
    with pytest.raises(AssignmentError, match=message):
        blanked(text, "f.py")


@given(
    st.lists(
        st.sampled_from(
            [
                "x = 1",
                "# BEGIN SOLUTION",
                "# END SOLUTION",
                "# BEGIN HIDDEN",
                "# END HIDDEN",
                "y = 2  # SOLUTION",
            ]
        )
    )
)
def test_any_order_of_markers_is_refused_or_leaves_no_marker(parts):
    text = "\n".join(parts)
    try:
        found = regions(text, "f.py")
    except AssignmentError:
        return
    for version in (blanked(text, "f.py"), solved(text, "f.py")):
        assert "SOLUTION" not in version
        assert "HIDDEN" not in version
    assert [region.first for region in found] == sorted(region.first for region in found)
