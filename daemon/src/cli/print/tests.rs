use super::*;

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let mut table = Table::new(["ROW", "NAME", "LAST"]);
    table.row([(Tone::Plain, "1".into()), (Tone::Good, "é".into()), (Tone::Plain, "now".into())]);
    table.row([
        (Tone::Plain, "1000".into()),
        (Tone::Plain, "longer".into()),
        (Tone::Plain, String::new()),
    ]);
    let expected = ["ROW   NAME    LAST", "1     é       now", "1000  longer"];
    assert_eq!(table.lines(Colours::Off), expected);
    let coloured = table.lines(Colours::On);
    assert_eq!(coloured[1], "1     \u{1b}[32mé\u{1b}[0m       now");
}

#[test]
fn a_cell_stays_in_its_cell() {
    let mut table = Table::new(["A"]);
    table.row([(Tone::Plain, "x\ny\u{1b}[31m".into())]);
    assert_eq!(table.lines(Colours::Off), ["A", "x\u{240a}y\u{241b}[31m"]);
}

#[test]
fn times_and_sizes_are_said_as_people_say_them() {
    let spans = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d")];
    for (seconds, expected) in spans {
        assert_eq!(span(seconds), expected);
    }
    let sizes = [(0, "0 KiB"), (1, "1 KiB"), (12_582_912, "12.0 MiB"), (1_610_612_736, "1.5 GiB")];
    for (bytes, expected) in sizes {
        assert_eq!(size(bytes), expected);
    }
}
