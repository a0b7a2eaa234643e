//! Charts as SVG inside the page: bars with their numbers, told apart by lightness and by a legend.

use plotters::prelude::*;

/// Width of every chart, in pixels of its own coordinate system.
const WIDTH: u32 = 900;

/// One bar: its name and its parts, in the order of the legend.
pub(super) struct Bar {
    pub(super) name: String,
    pub(super) parts: Vec<u64>,
}

/// Light to dark: they can be told apart without colour.
const FILLS: &[RGBColor] =
    &[RGBColor(196, 214, 232), RGBColor(226, 160, 70), RGBColor(122, 22, 34)];

/// Upright bars of stacked parts. An empty text if there is nothing to draw.
pub(super) fn upright(bars: &[Bar], legend: &[&str]) -> String {
    let most = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0);
    let mut svg = String::new();
    if most == 0 {
        return svg;
    }
    let drawn = draw_upright(&mut svg, bars, legend, most);
    finished(svg, drawn.is_some())
}

/// Lying bars of stacked parts, each with its name before it and its numbers behind it.
pub(super) fn lying(bars: &[Bar], legend: &[&str]) -> String {
    let most = bars.iter().map(|bar| bar.parts.iter().sum::<u64>()).max().unwrap_or(0);
    let mut svg = String::new();
    if most == 0 {
        return svg;
    }
    let drawn = draw_lying(&mut svg, bars, legend, most);
    finished(svg, drawn.is_some())
}

/// Lets the page set the size.
fn finished(svg: String, drawn: bool) -> String {
    match drawn {
        // Inside a page no name space is needed, and none is an address.
        true => svg.replacen("<svg ", "<svg role=\"img\" class=\"chart\" ", 1).replacen(
            " xmlns=\"http://www.w3.org/2000/svg\"",
            "",
            1,
        ),
        false => String::new(),
    }
}

fn draw_upright(svg: &mut String, bars: &[Bar], legend: &[&str], most: u64) -> Option<()> {
    let area = SVGBackend::with_string(svg, (WIDTH, 340)).into_drawing_area();
    let top = (most + most / 20 + 1) as f64;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..bars.len() as f64, 0.0..top)
        .ok()?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(1)
        .x_label_formatter(&|_| String::new())
        .y_label_formatter(&|value| super::grouped(*value as u64))
        .label_style(("sans-serif", 13))
        .light_line_style(TRANSPARENT)
        .draw()
        .ok()?;
    for (part, _) in named(legend) {
        let fill = fill(part);
        let rectangles = bars.iter().enumerate().map(|(at, bar)| {
            let below: u64 = bar.parts.iter().take(part).sum();
            let here = bar.parts.get(part).copied().unwrap_or(0);
            let left = at as f64;
            let corners = [(left + 0.1, below as f64), (left + 0.9, (below + here) as f64)];
            Rectangle::new(corners, fill.filled())
        });
        chart.draw_series(rectangles).ok()?;
    }
    let style = ("sans-serif", 13).into_text_style(&area);
    for (at, bar) in bars.iter().enumerate() {
        let place = chart.backend_coord(&(at as f64 + 0.1, 0.0));
        area.draw_text(&bar.name, &style, (place.0, place.1 + 8)).ok()?;
    }
    area.present().ok()
}

fn draw_lying(svg: &mut String, bars: &[Bar], legend: &[&str], most: u64) -> Option<()> {
    let height = bars.len() as u32 * 26 + 20;
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    let right = (most + most / 3 + 1) as f64;
    let count = bars.len() as f64;
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_top(8)
        .y_label_area_size(330)
        .build_cartesian_2d(0.0..right, 0.0..count)
        .ok()?;
    for (part, _) in named(legend) {
        let fill = fill(part);
        let rectangles = bars.iter().enumerate().map(|(at, bar)| {
            let before: u64 = bar.parts.iter().take(part).sum();
            let here = bar.parts.get(part).copied().unwrap_or(0);
            let low = count - 1.0 - at as f64;
            let corners = [(before as f64, low + 0.1), ((before + here) as f64, low + 0.9)];
            Rectangle::new(corners, fill.filled())
        });
        chart.draw_series(rectangles).ok()?;
    }
    let style = ("sans-serif", 13).into_text_style(&area);
    for (at, bar) in bars.iter().enumerate() {
        let sum: u64 = bar.parts.iter().sum();
        let low = count - 1.0 - at as f64;
        let end = chart.backend_coord(&(sum as f64, low + 0.75));
        let shown = named(legend).filter_map(|(part, _)| bar.parts.get(part));
        let numbers: Vec<String> = shown.map(|part| super::grouped(*part)).collect();
        area.draw_text(&numbers.join(" + "), &style, (end.0 + 6, end.1)).ok()?;
        area.draw_text(&bar.name, &style, (8, end.1)).ok()?;
    }
    area.present().ok()
}

/// The parts that a legend names; a part without a name is not drawn.
fn named<'l>(legend: &'l [&'l str]) -> impl Iterator<Item = (usize, &'l str)> {
    legend.iter().copied().enumerate().filter(|(_, name)| !name.is_empty())
}

/// The legend: names of parts with the fill of each, as a style of the page.
pub(super) fn legend(names: &[&str]) -> Vec<(String, String)> {
    let style = |part: usize| {
        let RGBColor(red, green, blue) = fill(part);
        format!("background: rgb({red} {green} {blue})")
    };
    named(names).map(|(part, name)| (style(part), name.to_owned())).collect()
}

fn fill(part: usize) -> RGBColor {
    FILLS.get(part).copied().unwrap_or(BLACK)
}
