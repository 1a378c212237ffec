#[crucial::shared]
enum Shape {
    Round,
}

#[crucial::shared]
fn function() {}

fn main() {
    function();
    let _ = Shape::Round;
}
