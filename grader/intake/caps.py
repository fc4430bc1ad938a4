"""How much of a hand-in is read. A cap that is met is always said, in a note or in a reason for refusal."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_CAPS", "KIB", "MIB", "Caps"]

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Upper bounds for one hand-in, unless the name says otherwise. Sizes in bytes, after decompression.

    module, notebook: one file of the assignment. other, data: one further file, and one file of a data format.
    others, other_files: all further files together. entries: files in one hand-in. folder_files: a folder with more files than
    this, below the first two levels, is taken for a data set. archive_entries, archive_directory: entries and directory of one
    student's own archive; class_entries, directory: of an archive that may hold a class. depth: folders above a file.
    name, path: one path component, and a whole path, in UTF-8. nested_zip, nested_zips: zips inside a hand-in. candidates: files
    looked into to find one of the assignment's. looked_into: read of one hand-in to find out what is what, files that are read
    again counted again. parsed: of the sources among them, to find the modules of one package.
    """

    module_bytes: int = 2 * MIB  # the largest layers.py seen in public checkouts is under 100 KiB
    notebook_bytes: int = 64 * MIB  # recorded figures make notebooks of 10 MiB; runaway prints more
    other_bytes: int = 8 * MIB
    data_bytes: int = 1 * MIB
    others_bytes: int = 64 * MIB
    other_files: int = 2_000
    entries: int = 20_000
    folder_files: int = 2_000
    archive_entries: int = 60_000  # a repository with an environment in it, which is left out
    archive_directory_bytes: int = 16 * MIB
    class_entries: int = 500_000
    directory_bytes: int = 64 * MIB
    depth: int = 24
    name_bytes: int = 255  # NAME_MAX of Linux file systems
    path_bytes: int = 1024  # PATH_MAX is 4096, for the room's own folders and those of a zip in a zip, too
    nested_zip_bytes: int = (
        512 * MIB
    )  # with a data set in it, which is skipped; kept in a temporary file while it is read
    nested_zips: int = 8
    candidates: int = 50
    looked_into_bytes: int = 768 * MIB  # some seconds
    parsed_bytes: int = (
        4 * MIB
    )  # fifty copies of a module of 80 KiB; some seconds for what is made to take long


DEFAULT_CAPS = Caps()
