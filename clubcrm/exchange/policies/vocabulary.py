"""Words in cells, in the languages of the clubs: yes and no, genders, ways to pay, states, directions.

Words of several parts are written with a hyphen; they are compared folded and without spaces.
"""

from typing import Final

YES: Final = """
yes y true t 1 on x ok checked active si sí sim s oui o ja j да д истина بله بلی آری نعم صحيح
درست v ✓ ✔ wahr vrai verdadeiro verdadero داره دارد есть
"""

NO: Final = """
no n false f 0 off none unchecked inactive não nao non nein нет н ложь خیر نه لا نادرست خطا
falsch faux falso ندارد
"""

FEMALE: Final = """
female f w woman girl lady mrs ms miss fem weiblich frau feminino feminina mulher femenino
femenina mujer hembra femme féminin féminine fille زن خانم مونث مؤنث دختر بانو أنثى انثى امرأة
سيدة женский жен ж женщина д девочка
"""

MALE: Final = """
male m man boy mr masc männlich mann masculino homem masculin masculine homme garçon hombre
varón varon macho مرد آقا مذکر پسر ذكر رجل سيد мужской муж м мужчина мальчик
"""

OTHER: Final = """
other divers diverse d nonbinary nonbinär x unknown u outro otro autre سایر آخر другое
não-binário
"""

NEGATIONS: Final = "not no non não nao nicht kein не нет غير غیر نیست ليس"

METHODS: Final = {
    "cash": """
        cash bar barzahlung efectivo dinheiro numerário numerario espèces especes liquide نقد
        نقدی نقدا نقدي كاش наличные нал наличными
    """,
    "card": """
        card credit debit creditcard debitcard visa mastercard pos tpv multibanco karte ec
        girocard kreditkarte tarjeta cartão cartao carte cb کارت کارتخوان پوز کارت‌خوان بطاقة
        карта картой безнал эквайринг
    """,
    "transfer": """
        transfer banktransfer wire bank überweisung ueberweisung transferencia transferência
        virement واریز حواله انتقال کارت‌به‌کارت تحويل перевод перечисление
    """,
    "cheque": """
        cheque check scheck chèque talão چک شيك чек
    """,
    "direct_debit": """
        directdebit sepa lastschrift einzug debitodireto débitodireto domiciliación
        domiciliacion prélèvement prelevement gocardless mandate автоплатеж
    """,
    "online": """
        online stripe paypal web internet gateway mbway bizum درگاه اینترنتی آنلاین إلكتروني
        онлайн интернет
    """,
    "other": """
        other outro otro autre andere سایر أخرى другое
    """,
}

STATUSES: Final = {
    "active": """
        active current running valid live enrolled paid completed complete success successful
        succeeded settled received فعال جاری نشط ساري активен активный действует ativo activo
        vigente aktiv laufend actif encours valide pago pagado bezahlt payé paye оплачен
    """,
    "ended": """
        expired ended inactive lapsed former past finished lost terminated done منقضی غیرفعال
        پایان منتهي غير-نشط истек завершен неактивен expirado inativo inactivo terminado
        caducado vencido abgelaufen beendet inaktiv expiré expire inactif terminé
    """,
    "cancelled": """
        cancelled canceled cancel cancelling resigned quit لغو لغوشده فسخ ملغى ملغي отменен
        расторгнут cancelado anulado rescindido baja gekündigt gekuendigt storniert annulé
        résilié résiliée
    """,
    "frozen": """
        frozen freeze paused onhold hold suspended suspendiert ruhend فریز تعلیق معلق مجمد
        заморожен приостановлен congelado suspenso suspendido pausado gelé suspendu
    """,
    "pending": """
        pending future upcoming scheduled prospect notstarted در-انتظار آینده معلّق قادم ожидает
        предстоящий pendente pendiente ausstehend anstehend künftig enattente à-venir
    """,
    "trial": """
        trial guest آزمایشی مهمان تجريبي пробный teste experimental prueba probe schnupper essai
    """,
    "refunded": """
        refunded refund reversed chargeback returned برگشتی مسترد مسترجع возврат reembolsado
        devuelto erstattet remboursé
    """,
    "transferred": """
        transferred moved انتقالی منقول переведен transferido trasladado übertragen transféré
    """,
    "failed": """
        failed declined unpaid error rejected void voided open due overdue ناموفق پرداخت‌نشده
        فاشل مرفوض ошибка отклонен неоплачен falhado recusado fallido rechazado fehlgeschlagen
        abgelehnt échoué refusé impayé
    """,
    "died": """
        deceased died dead فوت متوفی متوفى умер falecido fallecido verstorben décédé
    """,
}

DIRECTIONS: Final = {
    "in": """
        in entry enter entrance checkin arrived ورود دخول вход entrada eingang entrée kommen 0 i
    """,
    "out": """
        out exit leave checkout left خروج выход saída saida salida ausgang sortie gehen 1 o
    """,
}
