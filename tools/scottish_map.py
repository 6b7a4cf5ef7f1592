"""Facts about the map of Scotland that no published file beside us holds: cancer networks, boards with a land border."""

NETWORKS = {
    ("NORTH", "North Cancer Alliance"): (
        "NHS Grampian", "NHS Highland", "NHS Orkney", "NHS Shetland", "NHS Tayside", "NHS Western Isles"),
    ("SOUTH-EAST", "South East Scotland Cancer Network"): (
        "NHS Borders", "NHS Dumfries and Galloway", "NHS Fife", "NHS Lothian"),
    ("WEST", "West of Scotland Cancer Network"): (
        "NHS Ayrshire and Arran", "NHS Forth Valley", "NHS Greater Glasgow and Clyde", "NHS Lanarkshire"),
}
BORDERS = {
    "NHS Ayrshire and Arran": ("NHS Dumfries and Galloway", "NHS Greater Glasgow and Clyde", "NHS Lanarkshire"),
    "NHS Borders": ("NHS Dumfries and Galloway", "NHS Lanarkshire", "NHS Lothian"),
    "NHS Dumfries and Galloway": ("NHS Lanarkshire",),
    "NHS Forth Valley": (
        "NHS Fife", "NHS Greater Glasgow and Clyde", "NHS Highland", "NHS Lanarkshire", "NHS Lothian", "NHS Tayside"),
    "NHS Grampian": ("NHS Highland", "NHS Tayside"),
    "NHS Greater Glasgow and Clyde": ("NHS Highland", "NHS Lanarkshire"),
    "NHS Highland": ("NHS Tayside",),
    "NHS Lanarkshire": ("NHS Lothian",),
    "NHS Fife": ("NHS Tayside",),
}
