fn main() {
    let offset = 3;
    let add = crucial::cloud_closure!(|id: u32| async move { id + offset });
    let _ = add.spawn(1);
}
