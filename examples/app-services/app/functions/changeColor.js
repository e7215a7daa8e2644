exports = async function changeColor(color) {
  const users = context.services.get("mongodb-atlas").db("myapp").collection("users");
  await users.updateOne({ user_account_id: context.user.id }, { $set: { favorite_color: color } });
  return { before: context.user.custom_data.favorite_color, now: color };
};
